import express from 'express4';
import { createApp, serve } from 'options-routes/server.mjs';

serve(createApp(express));
