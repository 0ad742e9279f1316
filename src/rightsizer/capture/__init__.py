"""S1 capture: logs in and out."""

from rightsizer.capture.export import write_calls
from rightsizer.capture.importers import FileReport, ImportReport, import_files, read_calls

__all__ = ["FileReport", "ImportReport", "import_files", "read_calls", "write_calls"]
