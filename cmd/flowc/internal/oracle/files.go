package oracle

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A File is an input of a case.
type File struct {
	Path string
	// records are its lines, rows or values, each with what stands behind it, and
	// head and tail what stands around them: they can be taken out one by one.
	head    string
	records []string
	tail    string
	gzip    bool
	bom     bool
}

// Text is the content before compression.
func (f *File) Text() []byte {
	var b bytes.Buffer
	if f.bom {
		b.WriteString("\xef\xbb\xbf")
	}
	b.WriteString(f.head)
	for i, r := range f.records {
		if f.tail == "\n]\n" && i == len(f.records)-1 { // the last of an array has no comma
			r = strings.TrimRight(r, ", \n")
		}
		b.WriteString(r)
	}
	b.WriteString(f.tail)
	return b.Bytes()
}

// Bytes are what is on disk.
func (f *File) Bytes() []byte {
	if !f.gzip {
		return f.Text()
	}
	text := f.Text()
	if len(text) > 1000 { // several members are one stream
		return append(compressed(text[:500]), compressed(text[500:])...)
	}
	return compressed(text)
}

func compressed(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// Records is how many records there are to take out.
func (f *File) Records() int { return len(f.records) }

// gunzip is the content of all members of a compressed file.
func gunzip(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// A frame is a record as it lies in a file.
type frame struct {
	data   []byte
	offset int64 // in the file
	line   int64 // from 1
	number int64 // from 0
}

// frames cuts a file into its records. For a table the first row is the header,
// which is returned apart.
func frames(b []byte, format string, c csvForm, header bool) (list []frame, head []byte, err error) {
	base := 0
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		b, base = b[3:], 3
	}
	if format == "json" {
		list, err = jsonFrames(b, base)
		return list, nil, err
	}
	line, number := int64(0), int64(0)
	for i := 0; i < len(b); {
		end := lineEnd(b, i, format == "csv", c)
		data := bytes.TrimSuffix(b[i:end], []byte("\r"))
		f := frame{data: data, offset: int64(base + i), line: line + 1, number: number}
		line++
		i = end + 1
		if format == "csv" && header && head == nil {
			head = data
			continue
		}
		number++
		if format != "text" && len(bytes.TrimSpace(data)) == 0 {
			continue
		}
		list = append(list, f)
	}
	return list, head, nil
}

// lineEnd is where the line that begins at i ends; in a table a cell in quotes
// may hold line ends.
func lineEnd(b []byte, i int, table bool, c csvForm) int {
	quoted, begin := false, true
	for ; i < len(b); i++ {
		switch {
		case quoted:
			if b[i] == c.quote {
				if i+1 < len(b) && b[i+1] == c.quote {
					i++
				} else {
					quoted = false
				}
			}
			continue
		case b[i] == '\n':
			return i
		case table && begin && b[i] == c.quote:
			quoted = true
		}
		begin = table && b[i] == c.delimiter
	}
	return len(b)
}

// jsonFrames cuts a file of JSON values; an array at the top gives its elements.
func jsonFrames(b []byte, base int) (list []frame, err error) {
	i := space(b, 0)
	for i < len(b) {
		inside := b[i] == '['
		if inside {
			i = space(b, i+1)
		}
		for i < len(b) && !(inside && b[i] == ']') {
			end, err := valueEnd(b, i)
			if err != nil {
				return nil, err
			}
			list = append(list, frame{data: b[i:end], offset: int64(base + i), number: int64(len(list))})
			i = space(b, end)
			if !inside {
				break
			}
			if i < len(b) && b[i] == ',' {
				i = space(b, i+1)
			} else if i >= len(b) || b[i] != ']' {
				return nil, fmt.Errorf("no comma")
			}
		}
		if inside {
			if i >= len(b) {
				return nil, fmt.Errorf("the array does not end")
			}
			i = space(b, i+1)
		}
	}
	return list, nil
}
