package supervisor

import (
	"context"

	"github.com/flowc-dev/flowc/backends/local/programs"
)

// programs are the binaries of a pipeline.
func (f folder) programs() programs.Store { return programs.Store(f.path("programs")) }

// Has tells whether the machine has a program.
func (e *Engine) Has(id, reference string) bool { return e.folder(id).programs().Has(reference) }

// Install copies a binary to where the program of a reference lies.
func (e *Engine) Install(_ context.Context, id, reference, binary string) error {
	return e.exclusively(id, func(f folder) error { return f.programs().Put(reference, binary) })
}
