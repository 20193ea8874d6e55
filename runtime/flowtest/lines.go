package flowtest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
)

// Lines are the lines of files, one after the other, as a place: a file that is not
// there has none. id tells which record a line is, "" where it is none.
func Lines(name string, id func(line []byte) string, paths ...string) (Place, error) {
	p := Place{Name: name}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return p, err
		}
		for line := range bytes.Lines(data) {
			line, whole := bytes.CutSuffix(line, []byte{'\n'})
			f := Found{Data: line}
			if whole { // a line without an end is torn
				f.ID = id(line)
			}
			p.Records = append(p.Records, f)
		}
	}
	return p, nil
}
