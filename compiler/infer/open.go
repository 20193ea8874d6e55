package infer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// sourceFacts are what a source needs to know to read the sample.
type sourceFacts struct {
	format string
	// guessed tells that the name of the sample does not say its format.
	guessed bool
	// gzip tells that the data are compressed, and the name does not say so.
	gzip      bool
	delimiter byte
	largest   int64 // bytes of the largest record
}

// formats are those that extensions tell.
var formats = map[string]string{".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".csv": "csv"}

// baseName is the name of the sample without folders and extensions.
func (o *Options) baseName() string {
	if o.Node != "" {
		return o.Node
	}
	if o.File == "-" || o.File == "" {
		return ""
	}
	base := path.Base(filepath.ToSlash(o.File))
	for _, ext := range []string{".gz", ".zst"} {
		base = strings.TrimSuffix(base, ext)
	}
	if ext := path.Ext(base); ext != base {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// shown is how messages call the sample.
func (o *Options) shown() string {
	if o.Node != "" {
		return "`" + o.Node + "`"
	}
	if o.File == "-" || o.File == "" {
		return "stdin"
	}
	return o.File
}

// extension is the one that tells the format, in small letters.
func (o *Options) extension() string {
	name := strings.ToLower(o.File)
	for _, ext := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, ext)
	}
	return path.Ext(name)
}

// read reads the sample into the collector.
func (c *collector) read(r io.Reader) error {
	if d := c.options.Delimiter; d != 0 && (d == '"' || d < ' ' && d != '\t' || d > '~') {
		return usagef("the delimiter of CSV is one character of ASCII, and no quote or line end")
	}
	b, err := c.decompress(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return err
	}
	begin, err := b.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return c.readError(err)
	}
	if err := refuse(begin); err != nil {
		return err
	}
	if bytes.HasPrefix(begin, []byte("\xef\xbb\xbf")) {
		b.Discard(3) //nolint:errcheck // they were peeked at
		begin = begin[3:]
	}
	if err := c.findFormat(begin); err != nil {
		return err
	}
	if c.options.By != "" && c.source.format == "csv" {
		return usagef("event types are told apart in JSON alone, and this is CSV: a `route` takes rows apart by a column")
	}
	switch c.source.format {
	case "csv":
		err = c.table(b)
	case "ndjson":
		err = (&jsonReader{collector: c, in: newInput(b), oneLine: true}).lines()
	default:
		err = (&jsonReader{collector: c, in: newInput(b)}).values()
	}
	return c.readError(err)
}

// readError gives errors of the decompressor words.
func (c *collector) readError(err error) error {
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) || isCorrupt(err) {
		return &Error{Msg: "the compressed data are damaged: " + err.Error()}
	}
	return err
}

// isCorrupt tells flate's own errors.
func isCorrupt(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "flate: ")
}

// decompress looks through gzip, whatever the sample is called.
func (c *collector) decompress(b *bufio.Reader) (*bufio.Reader, error) {
	magic, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, c.readError(err)
		}
		c.source.gzip = !strings.HasSuffix(c.options.File, ".gz")
		return bufio.NewReaderSize(z, 64<<10), nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return nil, (&Error{Msg: "the data are compressed with zstd, which infer does not read"}).
			helpf("decompress them on the way: `zstd -dc %s | flowc infer - --as ndjson`", c.options.shown())
	}
	return b, nil
}

// refuse recognises what is no text that infer reads.
func refuse(begin []byte) error {
	for _, f := range []struct{ magic, what, help string }{
		{"PAR1", "this is Parquet", "infer reads NDJSON, JSON and CSV; a tool such as DuckDB writes these"},
		{"ARROW1", "this is an Arrow file", "infer reads NDJSON, JSON and CSV; a tool such as DuckDB writes these"},
		{"SQLite format 3", "this is a database of SQLite", "`sqlite3 -csv -header FILE 'SELECT …' | flowc infer - --as csv` reads a table"},
		{"PK\x03\x04", "this is a zip archive", "unpack it first: `unzip -p FILE | flowc infer -`"},
		{"\xff\xfe", "the text is UTF-16", "convert it: `iconv -f UTF-16 -t UTF-8 FILE | flowc infer -`"},
		{"\xfe\xff", "the text is UTF-16", "convert it: `iconv -f UTF-16 -t UTF-8 FILE | flowc infer -`"},
	} {
		if bytes.HasPrefix(begin, []byte(f.magic)) {
			return (&Error{Msg: f.what}).helpf("%s", f.help)
		}
	}
	if i := bytes.IndexByte(begin, 0); i >= 0 {
		return (&Error{Msg: "the sample has a NUL byte, so it is no text"}).helpf("infer reads NDJSON, JSON and CSV")
	}
	return nil
}

// findFormat takes the format from the options, the extension or the begin of
// the data.
func (c *collector) findFormat(begin []byte) error {
	s := &c.source
	ext := c.options.extension()
	said := formats[ext]
	s.format = c.options.Format
	if s.format == "" {
		s.format = said
	}
	if s.format == "" && ext == ".tsv" {
		s.format = "csv"
	}
	if s.format == "" {
		s.format = guess(begin)
	}
	switch s.format {
	case "ndjson", "json", "csv":
	case "":
		return usagef("the format of %s is neither told by its name nor by its data: say `--as ndjson`, `json` or `csv`", c.options.shown())
	default:
		return usagef("infer does not read the format %q: there are ndjson, json and csv", s.format)
	}
	s.guessed = s.format != said
	if s.format == "csv" {
		s.delimiter = c.options.Delimiter
		if s.delimiter == 0 {
			s.delimiter = delimiterOf(begin, ext)
		}
	}
	return nil
}

// guess finds the format by the begin of the data, "" where nothing tells it.
func guess(begin []byte) string {
	rest := bytes.TrimLeft(begin, " \t\r\n")
	switch {
	case len(rest) == 0:
		return "json" // and empty, which is told then
	case rest[0] == '[':
		return "json"
	case rest[0] == '{':
		// Where the first line is a value of its own, there is one a line.
		line, _, more := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimRight(line, " \t\r")
		if more && (len(line) == 0 || line[len(line)-1] != '}') {
			return "json"
		}
		return "ndjson"
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	if bytes.ContainsAny(line, ",;\t|") {
		return "csv"
	}
	return ""
}

// delimiterOf finds what stands between the cells of a header.
func delimiterOf(begin []byte, ext string) byte {
	line, _, _ := bytes.Cut(begin, []byte("\n"))
	if ext == ".tsv" {
		return '\t'
	}
	for _, d := range []byte(",\t;|") {
		if bytes.IndexByte(line, d) >= 0 {
			return d
		}
	}
	return ','
}
