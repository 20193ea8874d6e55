package diag

// Files, and the compiler itself.
const (
	// FileNotFound is a file that can't be read.
	FileNotFound Code = "file-not-found"
	// NoPipeline is a folder without a pipeline, or with several.
	NoPipeline Code = "no-pipeline"
	// IncludeConflict is a key in a file and in one that it includes.
	IncludeConflict Code = "include-conflict"
	// IncludeCycle is a file that includes itself.
	IncludeCycle Code = "include-cycle"
	// ForeignDialect is a pipeline in the spelling of another tool.
	ForeignDialect Code = "foreign-dialect"
	// NoDialect is a file that is no pipeline.
	NoDialect Code = "no-dialect"
	// CompilerBug is a mistake of the compiler's.
	CompilerBug Code = "compiler-bug"
)

var buildCodes = []Info{}
