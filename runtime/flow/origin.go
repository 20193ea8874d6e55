package flow

func (l *Lane) origin(o *Out) {
	if o.engine.wantsOrigins {
		o.engine.origins = append(o.engine.origins, l.originOf())
	}
	if o.engine.wantsOrder {
		o.engine.order = append(o.engine.order, uint32(l.Record.Index))
	}
}

// originOf is where the current record lies in its source's batch.
func (l *Lane) originOf() origin {
	st := &l.engine
	b := st.batch
	if st.in.source != nil {
		if b.Mark == MarkEnd || st.holder != nil {
			return origin{part: noPart, index: uint32(l.Record.Index)}
		}
		return origin{start: uint32(l.Record.Start), end: uint32(l.Record.End), index: uint32(l.Record.Index)}
	}
	if i := l.Record.Index; i < len(b.engine.origins) {
		return b.engine.origins[i]
	}
	return origin{part: noPart, index: uint32(l.Record.Index)}
}
