// Package compare tells whether two result files say the same. No figure of a
// contender counts before its result was compared.
//
// The rule is equality of bytes. Some contenders cannot give the same bytes for a
// reason that has nothing to do with being right (a query engine writes its own
// spacing and key order, jq computes in doubles): for these a rule can be loosened
// by as much as the reason asks, and no more.
package compare

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// A Rule says what counts as equal. The zero value is equality of bytes.
type Rule struct {
	// JSON compares each line as a JSON value: white space, the order of keys
	// and the spelling of strings and numbers do not matter.
	JSON bool
	// Digits, with JSON, lets numbers, and strings that are numbers, differ
	// after so many significant digits. 0: numbers are compared exactly, and
	// strings as strings.
	Digits int
	// Unordered compares the lines as a set with repetitions.
	Unordered bool
}

// String names the rule in a table's cell.
func (r Rule) String() string {
	s := "same bytes"
	if r.JSON {
		s = "same JSON"
	}
	if r.Digits > 0 {
		s += fmt.Sprintf(" to %d digits", r.Digits)
	}
	if r.Unordered {
		s += ", any order"
	}
	return s
}

// A Difference is the first place where two results do not say the same.
type Difference struct {
	Line      int // from 1; with Unordered, of the sorted lines
	Want, Got string
}

func (d *Difference) Error() string {
	return fmt.Sprintf("line %d is %s, want %s", d.Line, short(d.Got), short(d.Want))
}

func short(line string) string {
	const most = 160
	switch {
	case line == "":
		return "not there"
	case len(line) > most:
		return line[:most] + "…"
	}
	return line
}

// Files compares the file got with the file want. The error is a *Difference where
// both could be read.
func (r Rule) Files(want, got string) error {
	w, err := os.Open(want)
	if err != nil {
		return err
	}
	defer w.Close()
	g, err := os.Open(got)
	if err != nil {
		return err
	}
	defer g.Close()
	if r.Unordered {
		return r.sets(w, g)
	}
	return r.sequences(w, g)
}

// sequences compares line by line without keeping either file.
func (r Rule) sequences(want, got io.Reader) error {
	w, g := bufio.NewReaderSize(want, 1<<16), bufio.NewReaderSize(got, 1<<16)
	var wantLine, gotLine []byte
	for n := 1; ; n++ {
		var err error
		if wantLine, err = readLine(w, wantLine[:0]); err != nil {
			return err
		}
		if gotLine, err = readLine(g, gotLine[:0]); err != nil {
			return err
		}
		if len(wantLine) == 0 && len(gotLine) == 0 {
			return nil
		}
		same, err := r.same(wantLine, gotLine)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if !same {
			return &Difference{n, text(wantLine), text(gotLine)}
		}
	}
}

// sets compares the sorted lines. Both files are kept: results without an order are
// small.
func (r Rule) sets(want, got io.Reader) error {
	w, err := r.sorted(want)
	if err != nil {
		return fmt.Errorf("expected result: %w", err)
	}
	g, err := r.sorted(got)
	if err != nil {
		return err
	}
	for i := range max(len(w), len(g)) {
		var a, b []byte
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		same, err := r.same(a, b)
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		if !same {
			return &Difference{i + 1, text(a), text(b)}
		}
	}
	return nil
}

func (r Rule) sorted(from io.Reader) ([][]byte, error) {
	var lines [][]byte
	for b := bufio.NewReader(from); ; {
		line, err := readLine(b, nil)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			break
		}
		if r.JSON {
			if line, err = canonical(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
			}
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, bytes.Compare)
	return lines, nil
}

func (r Rule) same(want, got []byte) (bool, error) {
	if bytes.Equal(want, got) {
		return true, nil
	}
	if !r.JSON || len(want) == 0 || len(got) == 0 {
		return false, nil
	}
	a, err := decode(want)
	if err != nil {
		return false, fmt.Errorf("expected result: %w", err)
	}
	b, err := decode(got)
	if err != nil {
		return false, err
	}
	return equal(a, b, r.Digits), nil
}

// readLine appends the next line to b, its line end included, so that only the end
// of the file gives an empty one.
func readLine(r *bufio.Reader, b []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case err == nil, errors.Is(err, io.EOF):
			return b, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

func text(line []byte) string { return string(bytes.TrimSuffix(line, []byte("\n"))) }
