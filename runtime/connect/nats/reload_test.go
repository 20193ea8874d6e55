package nats

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// authority makes a server's certificate that is its own authority, in PEM as well.
func authority(t *testing.T) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "nats"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// A login that ends, and an authority that is replaced, are followed by those that
// the files have then; until they have them the server counts as away.
func TestReload(t *testing.T) {
	// demand has the server ask for a login, and is how a test itself gets in.
	type demand func(o *server.Options, secret string) nats.Option
	user := func(o *server.Options, secret string) nats.Option {
		o.Username, o.Password = "ann", secret
		return nats.UserInfo("ann", secret)
	}
	token := func(o *server.Options, secret string) nats.Option {
		o.Authorization = secret
		return nats.Token(secret)
	}
	for name, c := range map[string]struct {
		demand demand
		config func(secret, address string) login
	}{
		"password": {user, func(secret, address string) login {
			return login{url: "nats://" + address, user: "ann", password: secret}
		}},
		"token":           {token, func(secret, address string) login { return login{url: "nats://" + address, token: secret} }},
		"password in url": {user, func(secret, address string) login { return login{url: "nats://ann:" + secret + "@" + address} }},
		"token in url": {token, func(secret, address string) login {
			return login{url: "nats://" + secret + "@" + address, token: "other"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			ca, file := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "secret")
			put := func(path string, data []byte) {
				t.Helper()
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put(file, []byte("one"))
			issue := func(f *server.Options) {
				cert, text := authority(t)
				f.TLSConfig, f.TLSTimeout = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, 10
				put(ca, text)
			}
			var own nats.Option
			f := newFixture(t, func(o *server.Options) {
				own = c.demand(o, "one")
				issue(o)
			}, func(o *nats.Options) error {
				return errors.Join(own(o), nats.Secure(&tls.Config{InsecureSkipVerify: true})(o))
			}) //nolint:gosec // of the test itself
			f.stream(jetstream.StreamConfig{Name: "S", Subjects: []string{"s.*"}})
			address := fmt.Sprintf("127.0.0.1:%d", f.opts.Port)
			trust := connect.ClientTLS{CA: ca}
			sourceOf := func(secret []byte) *SourceConfig {
				l := c.config(string(secret), address)
				return &SourceConfig{URL: l.url, User: l.user, Password: l.password, Token: l.token, TLS: trust, Stream: "S"}
			}
			from, err := fresh.Open(func(c [][]byte) (*SourceConfig, error) { return sourceOf(c[0]), nil }, file)
			if err != nil {
				t.Fatal(err)
			}
			to, err := fresh.Open(func(c [][]byte) (*SinkConfig, error) {
				s := sourceOf(c[0])
				return &SinkConfig{URL: s.URL, User: s.User, Password: s.Password, Token: s.Token, TLS: trust, Subject: "s.x"}, nil
			}, file)
			if err != nil {
				t.Fatal(err)
			}
			in, out := *from.Get(), *to.Get()
			in.Fresh, out.Fresh = from.Get, to.Get
			source := f.source(in)
			sink := f.sink(out, connect.Output{Format: "text"})
			// What the engine does: it waits for a server that is away, and for nothing else.
			wait := func(what string, err error) bool {
				t.Helper()
				var gone *messages.GoneError
				if err != nil && !errors.As(err, &gone) {
					t.Fatalf("%s: the program would end: %v", what, err)
				}
				time.Sleep(10 * time.Millisecond)
				return err != nil
			}
			passes := func(text string) {
				t.Helper()
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				o := &flow.Out{Data: []byte(text + "\n"), Ends: []uint32{uint32(len(text) + 1)}, Count: 1}
				for wait(text, sink.Write(ctx, o)) {
				}
				b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
				for len(b.Ends) == 0 {
					b.Data, b.Ends, b.Position, b.Split, b.OnDone = b.Data[:0], b.Ends[:0], nil, "", nil
					wait(text, source.Read(ctx, b))
				}
				if string(b.Data) != text {
					t.Fatalf("%q came, not %s", b.Data, text)
				}
			}
			passes("before")
			// The server is another one while nobody has written the file, and turns the
			// program away again and again.
			f.stop()
			own = c.demand(&f.opts, "two")
			f.start()
			time.Sleep(500 * time.Millisecond)
			put(file, []byte("two"))
			passes("login")
			f.stop()
			issue(&f.opts)
			f.start()
			passes("authority")
		})
	}
}

// The login in a url is the program's where all servers have it.
func TestLogin(t *testing.T) {
	for url, want := range map[string]struct {
		who   login
		hosts string
	}{
		"nats://a:1":                   {login{user: "u", password: "p"}, "nats://a:1"},
		"a:1, b:2":                     {login{user: "u", password: "p"}, "a:1, b:2"},
		"nats://x:y@a:1":               {login{user: "x", password: "y"}, "nats://a:1"},
		"tls://x:y@a:1,x:y@b:2":        {login{user: "x", password: "y"}, "tls://a:1,nats://b:2"},
		"nats://t@a:1":                 {login{token: "t"}, "nats://a:1"},
		"nats://x:y@a:1,nats://b:2":    {login{user: "u", password: "p"}, "nats://x:y@a:1,nats://b:2"},
		"nats://b:2,nats://x:y@a:1":    {login{user: "u", password: "p"}, "nats://b:2,nats://x:y@a:1"},
		"nats://x:y@a:1,nats://x:z@b:": {login{user: "u", password: "p"}, "nats://x:y@a:1,nats://x:z@b:"},
	} {
		l := login{url: url, user: "u", password: "p"}
		if got := l.who(); got != want.who {
			t.Errorf("%s: the login is %+v", url, got)
		}
		if got := l.hosts(); got != want.hosts {
			t.Errorf("%s: the hosts are %s", url, got)
		}
	}
}
