package program

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// checkReport tells before anything is read that the report could not be
// written: after hours it would be too late.
func checkReport(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	if special, err := isSpecial(path); special || err != nil {
		return err
	}
	f, err := beside(path)
	if err != nil {
		return reason(err)
	}
	f.Close()
	return reason(os.Remove(f.Name()))
}

// isSpecial tells whether a path is a pipe or a device, which is written into
// and never replaced.
func isSpecial(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, reason(err)
	case info.IsDir():
		return false, errors.New("it is a folder")
	}
	return !info.Mode().IsRegular(), nil
}

// beside makes the file that becomes the report.
func beside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
}

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
	special, err := isSpecial(path)
	if err != nil {
		return err
	}
	if special {
		return writeInto(path, data)
	}
	f, err := beside(path)
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

// writeInto writes into a pipe or a device.
func writeInto(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return reason(err)
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return reason(err)
}
