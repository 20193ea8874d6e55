package parse

import (
	"bytes"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Limits of what is read. They are far beyond any pipeline that a person
// writes (a thousand nodes are 130 KB); they bound the time that a hostile text
// can take, and are checked before the parser of the format sees the text.
const (
	MaxSize   = 4 << 20 // bytes of a file
	MaxYAML   = 1 << 20 // bytes of a file of YAML or CUE
	MaxSigns  = 250_000 // punctuation in a file of YAML or CUE
	MaxDepth  = 100     // collections inside collections
	MaxKeys   = 4_000   // entries of one block mapping or list of YAML
	MaxValues = 100_000 // values of a file, those behind aliases counted at each use
)

// maxErrors bounds what is said about one text: each diagnostic may look at its
// line, and a line may be as long as the text.
const maxErrors = 100

var byteOrderMark = []byte("\ufeff")

// checkText reports what no format can be read from, and returns the offset of
// the first byte of content.
func checkText(f *source.File, format Format, l *diag.List) (from int, ok bool) {
	text, limit := f.Text, MaxSize
	if format != FormatJSON {
		limit = MaxYAML
	}
	if len(text) > limit {
		tooMuch(source.Span{File: f}, l, "the file has %d bytes, more than the %d of a %s file that are read", len(text), limit, format)
		return 0, false
	}
	for _, bom := range []struct{ mark, name string }{{"\xff\xfe", "UTF-16 (little endian)"}, {"\xfe\xff", "UTF-16 (big endian)"}} {
		if bytes.HasPrefix(text, []byte(bom.mark)) {
			l.Errorf(diag.BadText, source.Span{File: f, End: 2}, "the file is written in %s, flowc reads UTF-8", bom.name).
				Helpf("save it as UTF-8")
			return 0, false
		}
	}
	if bytes.HasPrefix(text, byteOrderMark) {
		from = len(byteOrderMark)
	}
	if at, what, help := badByte(text[from:]); what != "" {
		at += from
		_, n := utf8.DecodeRune(text[at:])
		l.Errorf(diag.BadText, source.Span{File: f, Start: at, End: at + n}, "%s", what).Helpf("%s", help)
		return 0, false
	}
	if len(bytes.TrimSpace(text[from:])) == 0 {
		emptyFile(f, l)
		return 0, false
	}
	return from, true
}

// badByte finds the first byte that is no text.
func badByte(text []byte) (at int, what, help string) {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == 0:
			return i, "the file holds a NUL byte, so it is not text", "is this the right file? write a NUL inside a string as `\"\\0\"`"
		case c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			return i, "a carriage return stands without a line feed", "end lines with a line feed, or with both"
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f:
			return i, "the file holds a control character", "remove it, or write it inside double quotes as an escape such as `\"\\e\"`"
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				return i, "the file is not UTF-8 at this byte", "save it as UTF-8"
			}
			if r == '\ufeff' {
				return i, "a byte order mark stands inside the text", "remove it: two files were joined, or it was pasted"
			}
			i += n
		}
	}
	return 0, "", ""
}

func emptyFile(f *source.File, l *diag.List) {
	l.Errorf(diag.EmptyFile, source.Span{File: f}, "the file is empty").
		Helpf("a pipeline begins with `pipeline: NAME` and needs `sources:` and `sinks:`")
}

// checkSigns bounds, for parsers that recurse and whose time is that of their
// tokens, how deep brackets are nested and how many signs there are at all. It
// knows nothing of strings and comments, so its limit of depth is generous.
func checkSigns(f *source.File, from int, l *diag.List) bool {
	depth, signs, less := 0, 0, 0
	for i := from; i < len(f.Text); i++ {
		c := f.Text[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c <= ' ' || c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' || c == '_' || c == '.' {
			less = 0
			continue
		}
		signs++
		switch c {
		case '[', '{':
			if depth++; depth > 10*MaxDepth {
				tooDeep(f, i, l)
				return false
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
		// goccy's scanner counts a run of `<` anew at each of them.
		if less++; c != '<' {
			less = 0
		}
		if at := (source.Span{File: f, Start: i, End: i + 1}); signs > MaxSigns {
			tooMuch(at, l, "the file has more than %d signs of punctuation", MaxSigns)
			return false
		} else if less > 1000 {
			tooMuch(at, l, "more than 1000 `<` stand in a row")
			return false
		}
	}
	return true
}

func tooMuch(at source.Span, l *diag.List, format string, args ...any) {
	l.Errorf(diag.InputLimit, at, format, args...).
		Helpf("is this the right file? a pipeline can be split with `include`, data belongs into files that a source reads")
}

func tooDeep(f *source.File, at int, l *diag.List) {
	l.Errorf(diag.InputLimit, source.Span{File: f, Start: at, End: at + 1}, "values are nested more than %d deep here", MaxDepth).
		Helpf("a pipeline needs about ten levels; is this the right file?")
}
