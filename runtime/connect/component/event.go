package component

import (
	"strconv"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// metaOf is the envelope of an event.
func metaOf(e *proto.Event) foreign.Meta {
	m := foreign.Meta{
		ID: e.GetId(), Type: e.GetType(), ContentType: e.GetContentType(), Component: e.GetSourceComponentId(), Metadata: e.GetMetadata(),
		Ledger: e.GetStellarCursor().GetLedgerSequence(), Index: int(e.GetStellarCursor().GetIndexInLedger()),
	}
	if e.GetTimestamp().IsValid() {
		m.Timestamp = e.GetTimestamp().AsTime()
	}
	return m
}

// A maker makes events of records. What has no envelope gets one.
type maker struct {
	node        string
	typ         string // of events that have none
	contentType string
	next        atomic.Int64
}

func (k *maker) event(m *foreign.Meta, payload []byte) *proto.Event {
	e := &proto.Event{}
	k.fill(e, m, payload)
	return e
}

// fill makes an event of one that is empty.
func (k *maker) fill(e *proto.Event, m *foreign.Meta, payload []byte) {
	e.Id, e.Type, e.Payload, e.Metadata, e.SourceComponentId, e.ContentType = m.ID, m.Type, payload, m.Metadata, m.Component, m.ContentType
	if e.Id == "" {
		e.Id = k.node + "-" + strconv.FormatInt(k.next.Add(1), 10)
	}
	if e.Type == "" {
		e.Type = k.typ
	}
	if e.SourceComponentId == "" {
		e.SourceComponentId = k.node
	}
	if e.ContentType == "" {
		e.ContentType = k.contentType
	}
	if m.Timestamp.IsZero() {
		e.Timestamp = timestamppb.New(time.Now())
	} else {
		e.Timestamp = timestamppb.New(m.Timestamp)
	}
	if m.Ledger != 0 || m.Index != 0 {
		e.StellarCursor = &proto.StellarCursor{LedgerSequence: m.Ledger, IndexInLedger: uint32(m.Index)}
	}
}

// contentTypes are those of formats.
var contentTypes = map[string]string{"json": "application/json", "ndjson": "application/json", "text": "text/plain", "bytes": "application/octet-stream"}
