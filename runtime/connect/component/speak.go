package component

import (
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// agree finds by what service the component is talked to: by flowc.v1 where it says that it
// speaks it.
func (p *peer) agree(info *proto.ComponentInfo) error {
	p.acked = speaks(info)
	if p.must && !p.acked {
		return &roleError{"the pipeline says `protocol: acked`, and it does not say that it speaks flowc.v1 (" + proto.MetaAcked + " among the metadata of its GetInfo): " +
			"say `protocol: grpc`, by which an event may be lost, or have it speak flowc.v1 (runtime/component does)"}
	}
	return nil
}

// speaks tells whether a component speaks flowc.v1.
func speaks(info *proto.ComponentInfo) bool {
	version, ok := info.GetMetadata()[proto.MetaAcked]
	return ok && strings.HasPrefix(version, proto.AckedVersion)
}

func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxEvent), grpc.MaxCallSendMsgSize(maxEvent)))
}
