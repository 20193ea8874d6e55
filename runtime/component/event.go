package component

import (
	"encoding/json"
	"maps"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// An Event is a payload with its envelope. What a function gives may leave anything out: it is
// then that of the event it comes of, or what the component says of itself.
type Event struct {
	// ID is the event's id.
	ID string
	// Type is its type, such as stellar.ledger.v1.
	Type string
	// Payload is what it carries.
	Payload []byte
	// ContentType is what the payload is, such as application/json.
	ContentType string
	// Metadata is said besides.
	Metadata map[string]string
	// Timestamp is when it was made.
	Timestamp time.Time
	// Component is the component that made it.
	Component string
	// Ledger and Index are its place on a chain, 0 for none.
	Ledger uint64
	Index  uint32
}

func eventOf(e *proto.Event) Event {
	out := Event{
		ID: e.GetId(), Type: e.GetType(), Payload: e.GetPayload(), ContentType: e.GetContentType(), Metadata: maps.Clone(e.GetMetadata()), Component: e.GetSourceComponentId(),
		Ledger: e.GetStellarCursor().GetLedgerSequence(), Index: e.GetStellarCursor().GetIndexInLedger(),
	}
	if e.GetTimestamp().IsValid() {
		out.Timestamp = e.GetTimestamp().AsTime()
	}
	return out
}

func (e *Event) message() *proto.Event {
	out := &proto.Event{Id: e.ID, Type: e.Type, Payload: e.Payload, ContentType: e.ContentType, Metadata: e.Metadata, SourceComponentId: e.Component}
	if !e.Timestamp.IsZero() {
		out.Timestamp = timestamppb.New(e.Timestamp)
	}
	if e.Ledger != 0 || e.Index != 0 {
		out.StellarCursor = &proto.StellarCursor{LedgerSequence: e.Ledger, IndexInLedger: e.Index}
	}
	return out
}

// decode makes what a function takes of an event.
func decode[T any](e *proto.Event) (v T, err error) {
	switch p := any(&v).(type) {
	case *Event:
		*p = eventOf(e)
	case *[]byte:
		*p = e.GetPayload()
	case *string:
		*p = string(e.GetPayload())
	default:
		if err := json.Unmarshal(e.GetPayload(), &v); err != nil {
			return v, &codedError{"decode", err}
		}
	}
	return v, nil
}

// encode makes an event of what a function gives.
func encode[U any](u U) (*proto.Event, error) {
	switch v := any(u).(type) {
	case Event:
		return v.message(), nil
	case []byte:
		return &proto.Event{Payload: v}, nil
	case string:
		return &proto.Event{Payload: []byte(v), ContentType: "text/plain"}, nil
	}
	payload, err := json.Marshal(u)
	if err != nil {
		return nil, &codedError{"encode", err}
	}
	return &proto.Event{Payload: payload, ContentType: "application/json"}, nil
}

// A codedError is an error with a short name.
type codedError struct {
	code string
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }
func (e *codedError) Code() string  { return e.code }
