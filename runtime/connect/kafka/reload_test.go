package kafka

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// A cutter is a listener whose connections can be cut.
type cutter struct {
	net.Listener
	mu   sync.Mutex
	open []net.Conn
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.open = append(c.open, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		_ = conn.Close()
	}
	c.open = nil
}

// authority makes a broker's certificate that is its own authority, in PEM as well.
func authority(t *testing.T) (*tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "broker"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// A login that ends, and an authority that is replaced, are followed by those that
// the files have then. Until they have them the cluster counts as away.
func TestReload(t *testing.T) {
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		t.Run(mechanism, func(t *testing.T) { testReload(t, mechanism) })
	}
}

func testReload(t *testing.T, mechanism string) {
	ca, login := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "login")
	put := func(path string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, text := authority(t)
	put(ca, text)
	put(login, []byte("ann one"))
	var shown atomic.Pointer[tls.Certificate]
	shown.Store(cert)
	var listener *cutter
	method := map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"}[mechanism]
	f := newFixture(t, kfake.SeedTopics(1, "t"), kfake.EnableSASL(), kfake.Superuser(method, "ann", "one"), kfake.Superuser(method, "bob", "two"),
		kfake.TLS(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }, MinVersion: tls.VersionTLS12}),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			listener = &cutter{Listener: l}
			return listener, err
		}))
	var revoked atomic.Bool
	f.cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.cluster.KeepControl()
		if !revoked.Load() || !bytes.Contains(q.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes, []byte("ann")) {
			return nil, nil, false
		}
		answer := q.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return answer, nil, true
	})
	sasl := func(text []byte) SASL {
		user, password, _ := bytes.Cut(text, []byte(" "))
		return SASL{Mechanism: mechanism, User: string(user), Password: string(password)}
	}
	first := sasl([]byte("ann one"))
	to, err := fresh.Open(func(c [][]byte) (*SinkConfig, error) { return &SinkConfig{SASL: sasl(c[0])}, nil }, login)
	if err != nil {
		t.Fatal(err)
	}
	from, err := fresh.Open(func(c [][]byte) (*SourceConfig, error) { return &SourceConfig{SASL: sasl(c[0])}, nil }, login)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := f.sink(SinkConfig{Topic: "t", TLS: TLS{CA: ca}, SASL: first, Fresh: to.Get}, connect.Output{Format: "bytes"})
	if err != nil {
		t.Fatal(err)
	}
	source := f.source(SourceConfig{Topics: []string{"t"}, TLS: TLS{CA: ca}, SASL: first, Fresh: from.Get}, nil)
	group := f.source(SourceConfig{Topics: []string{"t"}, Group: "g", TLS: TLS{CA: ca}, SASL: first, Fresh: from.Get}, nil)
	edgeTo, err := fresh.Open(func(c [][]byte) (*EdgeSinkConfig, error) { return &EdgeSinkConfig{SASL: sasl(c[0])}, nil }, login)
	if err != nil {
		t.Fatal(err)
	}
	edgeFrom, err := fresh.Open(func(c [][]byte) (*EdgeSourceConfig, error) { return &EdgeSourceConfig{SASL: sasl(c[0])}, nil }, login)
	if err != nil {
		t.Fatal(err)
	}
	begin := f.edgeSink(func(c *EdgeSinkConfig) { c.Partitions, c.TLS, c.SASL, c.Fresh = 1, TLS{CA: ca}, first, edgeTo.Get })
	f.open(begin)
	end := f.edgeSource(0, func(c *EdgeSourceConfig) { c.Partitions, c.TLS, c.SASL, c.Fresh = 1, TLS{CA: ca}, first, edgeFrom.Get })
	f.open(end)
	// written is what the engine does: it waits for a cluster that is away, and for
	// nothing else.
	written := func(to flow.Sink, o *flow.Out) {
		t.Helper()
		for {
			err := to.Write(context.Background(), o)
			var gone *messages.GoneError
			switch {
			case err == nil:
				return
			case !errors.As(err, &gone):
				t.Fatalf("%s: the program would end: %v", o.Data, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	came := func(s flow.Source, text string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
		for {
			b.Data, b.Ends, b.Position, b.Split, b.OnDone = b.Data[:0], b.Ends[:0], nil, "", nil
			err := s.Read(ctx, b)
			var gone *messages.GoneError
			switch {
			case errors.As(err, &gone):
				time.Sleep(20 * time.Millisecond)
			case err != nil:
				t.Fatalf("waiting for %s the program would end: %v", text, err)
			case len(b.Ends) > 0:
				got := texts(b)
				if s == source && (len(got) != 1 || got[0] != text) {
					t.Fatalf("%q came, not %s", got, text)
				}
				if got[len(got)-1] == text { // a group begins again behind what was committed
					return
				}
			}
		}
	}
	all := func(text string) {
		t.Helper()
		written(sink, out(text))
		written(begin, edgePacket(text))
		came(source, text)
		came(group, text)
		came(end, text)
	}
	all("before")

	revoked.Store(true)
	listener.cut()
	var gone *messages.GoneError
	packet := out("login")
	if err := sink.Write(context.Background(), packet); !errors.As(err, &gone) { // nobody has written the new one yet
		t.Fatalf("a login that is refused for a while: %v", err)
	}
	put(login, []byte("bob two"))
	written(sink, packet)
	came(source, "login")
	came(group, "login")
	written(begin, edgePacket("login"))
	came(end, "login")

	cert, text = authority(t)
	shown.Store(cert)
	put(ca, text)
	listener.cut()
	all("authority")
}
