package infer

// The largest record that a source takes unless it is told otherwise.
const defaultMaxRecord = 16 << 20

// source is what a pipeline says to read the sample; its types are still to
// come.
func (f *sourceFacts) source(o *Options) Source {
	s := Source{Use: "file"}
	if o.Node != "" {
		return Source{Node: o.Node}
	}
	if o.shown() == "stdin" {
		s.Use = "stdin"
	} else {
		s.Path = o.File
	}
	if f.guessed && !(s.Use == "stdin" && f.format == "ndjson") { // which is stdin's default
		s.Format = f.format
	}
	if f.gzip && s.Use == "file" {
		s.Compression = "gzip"
	}
	if f.format == "csv" && f.delimiter != ',' {
		s.Delimiter = string(rune(f.delimiter))
	}
	if f.largest > defaultMaxRecord {
		s.MaxRecord = defaultMaxRecord
		for s.MaxRecord < f.largest {
			s.MaxRecord *= 2
		}
	}
	return s
}
