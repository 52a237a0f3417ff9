"""MLTable files: a list of paths, and the steps that turn what lies there into rows.

Runs under the user's interpreter: the standard library, and of the user's packages only what a table really needs
(pandas for rows, pyarrow for parquet). Imports are relative, since the package has another name there.
"""

from .failure import TableError
from .sources import Places, Source
from .table import Piece, Table, open_table

__all__ = ["Piece", "Places", "Source", "Table", "TableError", "open_table"]
