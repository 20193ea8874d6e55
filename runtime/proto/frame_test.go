package proto

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// batchOf are events of all sorts.
func batchOf() *Batch {
	return &Batch{
		Number: 7, Position: "behind é", Failures: []*Failure{{Index: 1, Message: "no", Code: "decode", Transient: true}},
		Events: []*Event{
			{Id: "a", Type: "t", Payload: []byte("{}"), Metadata: map[string]string{"k": "v", "": "x", "l": ""}, Timestamp: timestamppb.New(time.Unix(-5, 7)), SourceComponentId: "c", ContentType: "x/y", StellarCursor: &StellarCursor{LedgerSequence: 1 << 60, IndexInLedger: 3}},
			{},
			{Payload: make([]byte, 300), Metadata: map[string]string{"one": "1"}, Timestamp: &timestamppb.Timestamp{}, StellarCursor: &StellarCursor{}},
			{Id: "b", Metadata: map[string]string{"one": "1"}},
		},
	}
}

// Frames hold what any other implementation writes and reads.
func TestFrames(t *testing.T) {
	t.Parallel()
	answer := &Answer{Number: 3, Events: batchOf().Events, Of: []uint32{0, 0, 2, 300}, Failures: []*Failure{{Index: 4, Untried: true}}, More: true}
	for _, m := range []*FromPipeline{
		{Message: &FromPipeline_Open{Open: &Open{Node: "n", Position: "p", Params: map[string]string{"a": "b"}}}},
		{Message: &FromPipeline_Batch{Batch: batchOf()}},
		{Message: &FromPipeline_Batch{Batch: &Batch{}}},
		{Message: &FromPipeline_Grant{Grant: &Grant{Events: 5}}},
		{},
	} {
		frame, err := AppendPipelineFrame([]byte("before"), m)
		if err != nil {
			t.Fatal(err)
		}
		other := &FromPipeline{}
		if err := proto.Unmarshal(frame[len("before")+4:], other); err != nil || !proto.Equal(m, other) {
			t.Errorf("it is written as %v, %v", other, err)
		}
		got, err := ReadPipelineFrame(bytes.NewReader(frame[len("before"):]))
		if err != nil || !proto.Equal(m, got) {
			t.Errorf("it is read as %v, %v", got, err)
		}
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		framed, _ := framed(append(make([]byte, 4), data...), 0)
		if got, err := ReadPipelineFrame(bytes.NewReader(framed)); err != nil || !proto.Equal(m, got) {
			t.Errorf("what others write is read as %v, %v", got, err)
		}
	}
	for _, m := range []*FromComponent{
		{Message: &FromComponent_Answer{Answer: answer}},
		{Message: &FromComponent_Batch{Batch: batchOf()}},
		{Message: &FromComponent_Ready{Ready: &Ready{Events: 1, Instance: "x"}}},
		{Message: &FromComponent_Closed{Closed: &Closed{Code: 14, Message: "bye"}}},
	} {
		frame, err := AppendComponentFrame(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadComponentFrame(bytes.NewReader(frame)); err != nil || !proto.Equal(m, got) {
			t.Errorf("it is read as %v, %v", got, err)
		}
		if _, err := ReadComponentFrame(bytes.NewReader(frame[:len(frame)-1])); err == nil {
			t.Error("a frame that ends in its middle is read")
		}
	}
	if _, err := ReadPipelineFrame(bytes.NewReader([]byte{0xff, 0, 0, 0})); err == nil {
		t.Error("a frame of 4 GB is read")
	}
}

// The parser of batches says what the general one says, or nothing.
func FuzzParse(f *testing.F) {
	for _, m := range []*FromComponent{
		{Message: &FromComponent_Batch{Batch: batchOf()}},
		{Message: &FromComponent_Answer{Answer: &Answer{Number: 3, Events: batchOf().Events, Of: []uint32{1, 2}, More: true}}},
	} {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		frame, err := AppendComponentFrame(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame[4:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := framed(append(make([]byte, 4), data...), 0)
		if err != nil {
			t.Skip()
		}
		got, err := ReadComponentFrame(bytes.NewReader(frame))
		want := &FromComponent{}
		if wrong := proto.Unmarshal(data, want); (wrong == nil) != (err == nil) {
			t.Fatalf("%v, and %v by the general parser", err, wrong)
		}
		if err == nil && !proto.Equal(got, want) {
			t.Fatalf("%v\n%v by the general parser", got, want)
		}
	})
}
