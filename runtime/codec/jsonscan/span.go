package jsonscan

// A Span says where a raw value lies in a record: record[Start:End]. A string
// keeps its quotes, an object its braces. End is 0 where the field is absent.
type Span struct{ Start, End uint32 }

// Absent reports whether the record has no such field.
func (s Span) Absent() bool { return s.End == 0 }

// Of returns the raw bytes of the span, which must be one of line's.
func (s Span) Of(line []byte) []byte { return line[s.Start:s.End:s.End] }

// IsNull reports whether the value is null. An absent field is not null.
func (s Span) IsNull(line []byte) bool {
	return s.End-s.Start == 4 && string(line[s.Start:s.End]) == "null"
}

// Begun reports whether the record has such a field, as far as it was scanned:
// unlike Absent it knows of an object that Until has not left yet. Only fields of
// an object have a Start above 0.
func (s Span) Begun() bool { return s.Start > 0 }

// IsObject reports whether the value begins an object, be it that Until has not
// left it yet.
func (s Span) IsObject(line []byte) bool { return s != Span{} && line[s.Start] == '{' }

// IsString reports whether the value begins a string.
func (s Span) IsString(line []byte) bool { return s.End != 0 && line[s.Start] == '"' }
