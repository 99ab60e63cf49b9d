import pathlib
import sys

# The tests share `asgi.py`; the package itself is the one that is installed.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
