package component

import (
	"context"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// agree finds by what service the component is talked to: by flowc.v1 where it says that it
// speaks it, and at its socket where both are of this host.
func (p *peer) agree(ctx context.Context, info *proto.ComponentInfo, address string) error {
	p.acked = speaks(info)
	if !p.acked {
		if p.must {
			return &roleError{"the pipeline says `protocol: acked`, and it does not say that it speaks flowc.v1 (" + proto.MetaAcked + " among the metadata of its GetInfo): " +
				"say `protocol: grpc`, by which an event may be lost, or have it speak flowc.v1 (runtime/component does)"}
		}
		return nil
	}
	conn := p.nearer(ctx, info, address)
	if conn == nil {
		return nil
	}
	p.conn.Close()
	p.conn = conn
	return nil
}

// speaks tells whether a component speaks flowc.v1.
func speaks(info *proto.ComponentInfo) bool {
	version, ok := info.GetMetadata()[proto.MetaAcked]
	return ok && len(version) >= len(proto.AckedVersion) && version[:len(proto.AckedVersion)] == proto.AckedVersion
}

// nearer is a connection to the socket of a component of this host, nil where there is none:
// a container has another file there, or none.
func (p *peer) nearer(ctx context.Context, info *proto.ComponentInfo, address string) *grpc.ClientConn {
	path := info.GetMetadata()[proto.MetaSocket]
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); path == "" || err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil
	}
	target := "unix:" + path
	if name, abstract := strings.CutPrefix(path, "@"); abstract {
		target = "unix-abstract:" + name
	} else if s, err := os.Stat(path); err != nil || s.Mode()&os.ModeSocket == 0 {
		return nil
	}
	conn, err := dial(target)
	if err != nil {
		return nil
	}
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	same, err := p.getInfo(short, conn)
	if id := info.GetMetadata()[proto.MetaInstance]; err != nil || id == "" || same.GetMetadata()[proto.MetaInstance] != id {
		conn.Close()
		return nil
	}
	return conn
}

func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxEvent), grpc.MaxCallSendMsgSize(maxEvent)))
}
