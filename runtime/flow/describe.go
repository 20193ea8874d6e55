package flow

import (
	"bytes"
	"slices"
)

// describe makes the error of a failure in the batch that is being handed on.
func (in *Input) describe(b *Batch, f *failure) *RecordError {
	e := &RecordError{
		Class: f.class, Code: codeOf(f.err, f.class), Attempts: f.attempts,
		Number: -1, TextLine: -1, Offset: -1,
		Input: f.input, Then: f.then, Err: f.err,
	}
	in.p.nameNode(e, f.node, f.line)
	if f.whole != nil {
		describeSkipped(e, in, f.whole)
		return e
	}
	if f.general {
		return e
	}
	if in.source != nil {
		if b.Mark < MarkBarrier {
			in.locate(e, b, f.record)
		}
		return e
	}
	var t *ticket
	switch parts := b.engine.parts; {
	case f.origin.part != noPart && int(f.origin.part) < len(parts):
		t = parts[f.origin.part].ticket
	case len(parts) == 1:
		t = parts[0].ticket
	}
	in.p.trace(e, t, f.origin)
	return e
}

// nameNode says which node failed.
func (p *Program) nameNode(e *RecordError, node int, line string) {
	n := &p.info.Nodes[node]
	e.Node, e.Line = n.Name, n.Place
	if line != "" {
		e.Line = line
	}
}

// describeSkipped takes over what a source says about a record that it skipped.
func describeSkipped(e *RecordError, in *Input, given *RecordError) {
	e.Source, e.Split = in.name, given.Split
	e.Number, e.TextLine, e.Offset = -1, -1, -1
	if given.TextLine > 0 {
		e.TextLine = given.TextLine
	}
	if given.Offset > 0 || given.TextLine > 0 {
		e.Offset = given.Offset
	}
	e.Position, e.Record = given.Position, given.Record
	if e.Position == nil {
		e.Position = e.place()
	}
	if given.Code != "" {
		e.Code = given.Code
	}
}

// trace finds the original of a record that failed behind a queue or in a sink.
func (p *Program) trace(e *RecordError, t *ticket, o origin) {
	if t == nil {
		return
	}
	e.Source = t.in.name
	if t.batch == nil || o.part == noPart {
		return
	}
	t.in.locate(e, t.batch, Record{Index: int(o.index), Start: int(o.start), End: int(o.end)})
}

// locate fills in where a record of the source's batch lies, and its bytes.
func (in *Input) locate(e *RecordError, b *Batch, r Record) {
	e.Source, e.Split = in.name, b.Split
	st := &b.engine
	if in.options.Lines {
		if st.line >= 0 {
			e.TextLine = st.line + int64(bytes.Count(b.Data[:r.Start], []byte{'\n'})) + 1
		}
	} else if st.number >= 0 {
		e.Number = st.number + int64(r.Index)
	}
	if b.Offset >= 0 {
		e.Offset = b.Offset + int64(r.Start)
	}
	if placer, ok := in.source.(Placer); ok {
		e.Position = placer.Place(b, r)
	} else {
		e.Position = e.place()
	}
	if h, ok := b.Frame.(interface{ HeaderRow() []byte }); ok {
		e.Header = h.HeaderRow()
	}
	if again, ok := in.source.(*letterSource); ok {
		again.tell(e, b)
	}
	rows := in.options.Rows
	switch {
	case r.End > r.Start:
		e.Record = slices.Clone(bytes.TrimRight(b.Data[r.Start:r.End], "\r\n"))
	case in.options.Original != nil && (rows == nil || r.Index < rows.Len(b.Rows)):
		e.Record = in.options.Original(nil, b, r.Index)
	}
}
