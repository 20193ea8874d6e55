// Package screening holds components in plain Go, a pipeline that uses them, and
// the pipeline as Go code: internal/pipeline is generated and committed, so that
// whoever builds this repository needs no compiler of pipelines.
package screening

//go:generate go tool -modfile=tools.mod flowc emit --target go --package pipeline -o internal/pipeline pipeline.yaml
