package infer

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGzip(t *testing.T) {
	data := zipped(t, "a,b\n1,2\n")
	for file, want := range map[string]string{
		"rows.csv.gz": "config: {path: rows.csv.gz}",
		"rows.csv":    "config: {path: rows.csv, compression: gzip}",
		"rows.GZ":     "config: {path: rows.GZ, format: csv, compression: gzip}",
	} {
		r, err := Sample(t.Context(), bytes.NewReader(data), Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.YAML, want) || !strings.Contains(r.YAML, "  Row:\n    a: int\n    b: int\n") {
			t.Errorf("%s: want %s in\n%s", file, want, r.YAML)
		}
		roundTrip(t, r, data)
	}
	// Several members are one stream.
	r, err := Sample(t.Context(), bytes.NewReader(append(data, zipped(t, "x,3\n")...)), Options{File: "rows.csv.gz"})
	if err != nil || r.Records != 2 || r.Types[0].Type.Fields[0].Type.Kind != "string" {
		t.Errorf("%v\n%s", err, r.YAML)
	}
}

func TestRefused(t *testing.T) {
	data := zipped(t, strings.Repeat("{\"a\":1}\n", 10_000))
	flipped := bytes.Clone(data)
	flipped[len(flipped)/2] ^= 0xff
	for name, c := range map[string]struct {
		file string
		data string
		want string
	}{
		"truncated":   {"a.ndjson.gz", string(data[:len(data)/2]), "a.ndjson.gz: the compressed data are damaged: unexpected EOF"},
		"flipped":     {"a.ndjson.gz", string(flipped), "a.ndjson.gz: the compressed data are damaged: "},
		"no header":   {"a.ndjson.gz", "\x1f\x8bxx", "a.ndjson.gz: the compressed data are damaged: "},
		"zstd":        {"a.ndjson.zst", "\x28\xb5\x2f\xfd....", "a.ndjson.zst: the data are compressed with zstd, which infer does not read\n  help: decompress them on the way: `zstd -dc a.ndjson.zst | flowc infer - --as ndjson`"},
		"parquet":     {"a.parquet", "PAR1....", "a.parquet: this is Parquet\n  help: "},
		"utf-16":      {"a.json", "\xff\xfe{\x00", "a.json: the text is UTF-16\n  help: convert it: `iconv "},
		"binary":      {"a.json", "{\x00}", "a.json: the sample has a NUL byte, so it is no text"},
		"latin json":  {"a.ndjson", "{}\n{\"a\":\"caf\xe9\"}", "a.ndjson:2:10: text that is not UTF-8\n  help: convert the sample: `iconv "},
		"latin name":  {"a.ndjson", "{\"\xe9\":1}", "a.ndjson:1:3: text that is not UTF-8\n"},
		"latin csv":   {"a.csv", "a,b\n1,x\n2,caf\xe9\n", "a.csv:3:3: text that is not UTF-8\n"},
		"latin head":  {"a.csv", "a,\xe9\n", "a.csv:1:3: text that is not UTF-8\n"},
		"latin value": {"a.json", "[1,\xe9]", "a.json:1:4: expected a value, found bytes that are not UTF-8"},
		"delimiter":   {"a.csv", "a\n", "the delimiter of CSV is one character of ASCII, and no quote or line end"},
		"format":      {"a.xml", "<a/>", "the format of a.xml is neither told by its name nor by its data: say `--as ndjson`, `json` or `csv`"},
	} {
		o := Options{File: c.file}
		if name == "delimiter" {
			o.Delimiter = '"'
		}
		_, err := Sample(t.Context(), strings.NewReader(c.data), o)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", name, err, c.want)
		}
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, file := range []string{"a.json", "a.ndjson", "a.csv"} {
		r := io.MultiReader(strings.NewReader("[1,\n2"), iotest.ErrReader(broken))
		if _, err := Sample(t.Context(), r, Options{File: file}); !errors.Is(err, broken) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestByteOrderMark holds that the mark is no part of the first record, and no
// part of the name of the first column.
func TestByteOrderMark(t *testing.T) {
	for file, text := range map[string]string{"a.csv": "x,y\n1,2\n", "a.json": `{"x":1,"y":2}`} {
		data := []byte("\ufeff" + text)
		r, err := Sample(t.Context(), bytes.NewReader(data), Options{File: file})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.YAML, "    x: int\n") {
			t.Errorf("%s:\n%s", file, r.YAML)
		}
		roundTrip(t, r, data)
	}
}
