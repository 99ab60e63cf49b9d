declare function cors(options?: object): (request: any, response: any, next: (error?: any) => void) => void;
declare namespace cors {
  function mcp(options?: object): (request: any, response: any, next: (error?: any) => void) => void;
}
export = cors;
