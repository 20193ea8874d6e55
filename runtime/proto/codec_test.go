package proto

import (
	"testing"

	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// What the codec writes others read, and the other way round.
func TestCodec(t *testing.T) {
	t.Parallel()
	ours, others := Codec(), encoding.GetCodecV2(grpcproto.Name)
	if ours.Name() != others.Name() {
		t.Errorf("it is called %s", ours.Name())
	}
	for _, m := range []proto.Message{
		&FromPipeline{Message: &FromPipeline_Batch{Batch: batchOf()}},
		&FromPipeline{Message: &FromPipeline_Open{Open: &Open{Node: "n"}}},
		&FromPipeline{},
		&FromComponent{Message: &FromComponent_Batch{Batch: batchOf()}},
		&FromComponent{Message: &FromComponent_Answer{Answer: &Answer{Number: 3, Events: batchOf().Events, Of: []uint32{0, 0, 2, 300}, Failures: []*Failure{{Index: 4, Untried: true}}, More: true}}},
		&FromComponent{Message: &FromComponent_Ready{Ready: &Ready{Events: 1}}},
		&ComponentInfo{Id: "c"}, // of another service at the same server
	} {
		for name, way := range map[string][2]encoding.CodecV2{"by itself": {ours, ours}, "to others": {ours, others}, "of others": {others, ours}} {
			data, err := way[0].Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			got := m.ProtoReflect().New().Interface()
			if err := way[1].Unmarshal(data, got); err != nil || !proto.Equal(got, m) {
				t.Errorf("%s: %v became %v, %v", name, m, got, err)
			}
			data.Free()
		}
	}
	data, err := proto.Marshal(&FromComponent{Message: &FromComponent_Answer{Answer: &Answer{Number: 3, Events: batchOf().Events}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ours.Unmarshal(mem.BufferSlice{mem.SliceBuffer(data[:len(data)-1])}, &FromComponent{}); err == nil {
		t.Error("a message that ends in its middle is read")
	}
}
