package driver

import (
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/compiler/services"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// IsServices tells whether a file is one of services (flowctl's SandboxServices, or
// Compose's), and no pipeline. One that can't be read is none.
func IsServices(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && services.Is(source.NewFile(filepath.Base(file), file, text))
}

// Services reads a file of services; lookup is the environment, which it may read.
func Services(file string, lookup services.Lookup) ([]sandbox.Declared, diag.List, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	var l diag.List
	all := services.Read(source.NewFile(filepath.Base(file), file, text), lookup, &l)
	l.Sort()
	return all, l, nil
}
