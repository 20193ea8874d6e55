package program

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// writeReport writes the report as JSON, to standard output for "-". A file is
// there whole or not at all.
func (p *process) writeReport(path string, r *flow.Report) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if path == "-" {
		_, err := p.stdout.Write(data)
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return reason(err)
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return reason(err)
	}
	return nil
}
