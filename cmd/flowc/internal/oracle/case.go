// Package oracle makes random pipelines, as people write them, with data for
// them, and knows what they must do.
//
// The idea: everything is there twice. A [Case] is made from a seed: types, a
// graph of nodes, Go expressions from a grammar of its own, and files with good
// and bad records. Its text goes to the compiler, which makes a fast program of
// it. Here the same pipeline is interpreted, record by record, in the slowest and
// plainest way there is: encoding/json, math/big, maps. [Case.Check] compares
// what the program left behind with what the interpreter says: the records of
// each sink, to the byte, in their order, the dead letters, the counters of the
// report.
//
// Nothing here comes from the compiler or the runtime, so that the two can't
// share a mistake. What the interpreter does follows docs/language.md.
package oracle

// A Case is a pipeline with its input.
type Case struct {
	// Seed made the case. A case that was made smaller keeps it.
	Seed uint64

	p     *pipeline
	files []*File
	code  []*File
}

// New makes the case of a seed: always the same one.
func New(seed uint64) *Case {
	m := makeCase(seed)
	return &Case{Seed: seed, p: m.p, files: m.files, code: m.code}
}

// Pipeline is the pipeline for the compiler: the name of its file, which tells
// what it is spelled in, and its text.
func (c *Case) Pipeline() (file, text string) { return c.p.file(), c.p.text() }

// Code are the packages beside the pipeline that it uses, in Go: none for most.
func (c *Case) Code() []*File { return c.code }

// Files are the input, to be written where the program runs.
func (c *Case) Files() []*File { return c.files }

// Records is how many records the files hold, some of them blank or broken.
func (c *Case) Records() int {
	n := 0
	for _, f := range c.files {
		n += len(f.records)
	}
	return n
}

// Remembers tells that a program of the case keeps something between records that is
// gone after a crash.
func (c *Case) Remembers() bool { return c.p.counts() }

// Resumes tells that a program of the case which is killed goes on near to where
// it was: it has much to do, and says often how far it has got.
func (c *Case) Resumes() bool {
	return c.p.every != "" && c.Records() >= 1000 && !c.p.counts() && !c.p.posts() && !c.Stops()
}
