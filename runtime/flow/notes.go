package flow

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Notes are small things that lie beside the checkpoint: files of the folder, or cells
// where the program's state is elsewhere.

// readNote reads a note; nil where there is none.
func (s *store) readNote(ctx context.Context, name string) ([]byte, error) {
	if s.elsewhere != nil {
		data, err := s.elsewhere.get(ctx, name)
		if len(data) == 0 {
			data = nil
		}
		return data, err
	}
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// writeNote replaces a note, or makes it.
func (s *store) writeNote(ctx context.Context, name string, data []byte) error {
	if s.elsewhere != nil {
		return s.elsewhere.put(ctx, name, data)
	}
	return ReplaceFile(filepath.Join(s.dir, name), data)
}

// removeNote removes a note, where there is one.
func (s *store) removeNote(ctx context.Context, name string) error {
	if s.elsewhere != nil {
		version, seen := s.elsewhere.version(name)
		if !seen {
			if _, err := s.elsewhere.get(ctx, name); err != nil {
				return err
			}
			version, _ = s.elsewhere.version(name)
		}
		if version == 0 {
			return nil
		}
		return s.elsewhere.put(ctx, name, nil)
	}
	err := os.Remove(filepath.Join(s.dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// notePlace is where a note is, for messages.
func (s *store) notePlace(name string) string {
	if s.elsewhere != nil {
		return s.elsewhere.cells.Where()
	}
	return filepath.Join(s.dir, name)
}
