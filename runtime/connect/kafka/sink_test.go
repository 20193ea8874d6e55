package kafka

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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func portOf(t testing.TB, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// out makes a packet of texts.
func out(texts ...string) *flow.Out {
	o := &flow.Out{Count: len(texts)}
	for _, t := range texts {
		o.Data = append(o.Data, t...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	return o
}

func (f *fixture) sink(c SinkConfig, o connect.Output) (*Sink, error) {
	f.t.Helper()
	c.Brokers, o.Node = f.brokers(), "out"
	if c.MaxMessage == 0 {
		c.MaxMessage = 1_000_000
	}
	s, err := NewSink(c, o)
	if err != nil {
		return nil, err
	}
	f.t.Cleanup(func() { s.Close(context.Background(), true) })
	return s.(*Sink), s.Open(context.Background())
}

// stored are the records of a topic as "partition key text".
func (f *fixture) stored(topic string, n int) (all []string) {
	f.t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(f.brokers()...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}, f.login...)...)
	if err != nil {
		f.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for len(all) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			f.t.Fatalf("after %q: %v", all, err)
		}
		for _, r := range fetches.Records() {
			all = append(all, fmt.Sprintf("%d %s %s", r.Partition, r.Key, r.Value))
		}
	}
	return all
}

func TestSink(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(4, "a"), kfake.SeedTopics(1, "b", "c", "none", "gzip", "snappy", "lz4", "zstd"))
	s, err := f.sink(SinkConfig{Headers: map[string]string{"h": "v"}}, connect.Output{Format: "json", Keys: []string{"topic", "key"}})
	if err != nil {
		t.Fatal(err)
	}
	o := out("1", "2", "3", "4", "5")
	o.Keys = [][]string{{"a", "b", "a", "b", "a"}, {"k", "", "k", "x", "k"}}
	if err := s.Write(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.stored("b", 2), ", "); got != "0  2, 0 x 4" {
		t.Error(got)
	}
	all := f.stored("a", 3)
	if n := all[0][:1]; strings.Join(all, ", ") != n+" k 1, "+n+" k 3, "+n+" k 5" {
		t.Errorf("records of one key are not in one partition, or not in order: %q", all)
	}
	// Lines end with no line end; `meta: {key: …}` is the key too.
	s, err = f.sink(SinkConfig{Topic: "c"}, connect.Output{Format: "text", Keys: []string{"meta.key"}})
	if err != nil {
		t.Fatal(err)
	}
	o = out("one\n", "two\n")
	o.Keys = [][]string{{"p", "q"}}
	if err := s.Write(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), out()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.stored("c", 2), ", "); got != "0 p one, 0 q two" {
		t.Error(got)
	}
	for _, compression := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		s, err := f.sink(SinkConfig{Topic: compression, Compression: compression}, connect.Output{Format: "bytes"})
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat(compression, 1000)
		if err := s.Write(context.Background(), out(text)); err != nil {
			t.Fatal(err)
		}
		if got := f.stored(compression, 1); got[0] != "0  "+text {
			t.Errorf("%s: %.40q", compression, got)
		}
	}
}

// A record that the brokers do not take fails alone.
func TestRefused(t *testing.T) {
	f := newFixture(t, kfake.SeedTopics(1, "a"))
	s, err := f.sink(SinkConfig{MaxMessage: 2000}, connect.Output{Format: "bytes", Keys: []string{"topic"}})
	if err != nil {
		t.Fatal(err)
	}
	o := out("1", strings.Repeat("x", 5000), "3", "4")
	o.Keys = [][]string{{"a", "a", "missing", "a"}}
	var partial *flow.PartialError
	if err := s.Write(context.Background(), o); !errors.As(err, &partial) || len(partial.Failed) != 2 {
		t.Fatalf("got %v", err)
	}
	if e := partial.Failed[1]; flow.ClassOf(e) != flow.Permanent || !strings.Contains(e.Error(), "max_message") {
		t.Errorf("a record that is too large: %v", e)
	}
	if e := partial.Failed[2]; flow.ClassOf(e) != flow.Transient || !strings.Contains(e.Error(), "no such topic") {
		t.Errorf("a topic that there is not: %v", e)
	}
	if got := strings.Join(f.stored("a", 2), ", "); got != "0  1, 0  4" {
		t.Error(got)
	}
}

// A write that the brokers went away from is waited for, and not begun anew: each
// record is stored once, in order.
func TestSinkGoesOn(t *testing.T) {
	dir := t.TempDir()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"), kfake.DataDir(dir), kfake.SyncWrites())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, cluster: c}
	s, err := f.sink(SinkConfig{Topic: "a"}, connect.Output{Format: "bytes"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), out("1", "2")); err != nil {
		t.Fatal(err)
	}
	address := f.brokers()[0]
	c.Close()
	for s.Healthy(context.Background()) == nil { // nothing is written, and it is noticed
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	o := out("3", "4", "5")
	var gone *messages.GoneError
	if err := s.Write(ctx, o); !errors.As(err, &gone) || !strings.Contains(err.Error(), address) {
		t.Fatalf("got %v", err)
	}
	again := make(chan error, 1)
	go func() {
		for {
			if err := s.Write(ctx, o); !errors.As(err, &gone) {
				again <- err
				return
			}
		}
	}()
	time.Sleep(200 * time.Millisecond)
	f.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(portOf(t, address)), kfake.DataDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer f.cluster.Close()
	if err := <-again; err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.stored("a", 5), ", "); got != "0  1, 0  2, 0  3, 0  4, 0  5" {
		t.Error(got)
	}
	if err := s.Healthy(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestSinkErrors(t *testing.T) {
	for name, c := range map[string]struct {
		config SinkConfig
		out    connect.Output
		says   string
	}{
		"no topic":   {SinkConfig{Brokers: []string{"x:1"}, MaxMessage: 1}, connect.Output{}, "topic is empty"},
		"no size":    {SinkConfig{Brokers: []string{"x:1"}, Topic: "t"}, connect.Output{}, "max_message"},
		"two keys":   {SinkConfig{Brokers: []string{"x:1"}, Topic: "t", Key: "k", MaxMessage: 1}, connect.Output{Keys: []string{"meta.key"}}, "choose one"},
		"no brokers": {SinkConfig{Topic: "t", MaxMessage: 1}, connect.Output{}, "brokers is empty"},
	} {
		if _, err := NewSink(c.config, c.out); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Logging in, over TLS: with each mechanism, and with a wrong password.
func TestSASL(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, kfake.SeedTopics(1, "a"), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "me", "hunter2"), kfake.Superuser("SCRAM-SHA-256", "me", "hunter2"), kfake.Superuser("SCRAM-SHA-512", "me", "hunter2"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}))
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		config := SinkConfig{Topic: "a", TLS: TLS{CA: ca}, SASL: SASL{Mechanism: mechanism, User: "me", Password: "hunter2"}}
		s, err := f.sink(config, connect.Output{Format: "bytes"})
		if err != nil {
			t.Errorf("%s: %v", mechanism, err)
			continue
		}
		if err := s.Write(context.Background(), out(mechanism)); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		config.SASL.Password = "hunter3"
		// This cluster says nothing and closes the connection, as old ones do; others
		// say why.
		if _, err := f.sink(config, connect.Output{Format: "bytes"}); err == nil || !strings.Contains(err.Error(), "another login") || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s with a wrong password: %v", mechanism, err)
		}
	}
	for _, group := range []string{"", "g"} {
		c := SourceConfig{Topics: []string{"a"}, Group: group, TLS: TLS{CA: ca}, SASL: SASL{Mechanism: "scram-sha-256", User: "me", Password: "hunter2"}}
		got, _, _ := read(t, f.source(c, nil), 3)
		same(t, "reading with a login, in the group "+group, got, "a/0: plain scram-sha-256 scram-sha-512")
	}
	var gone *messages.GoneError
	f.cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.cluster.KeepControl()
		answer := q.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return answer, nil, true
	})
	if _, err := f.sink(SinkConfig{Topic: "a", TLS: TLS{CA: ca}, SASL: SASL{Mechanism: "plain", User: "me", Password: "hunter3"}}, connect.Output{}); err == nil || errors.As(err, &gone) || !strings.Contains(err.Error(), "SASL_AUTHENTICATION_FAILED") {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := f.sink(SinkConfig{Topic: "a", TLS: TLS{Enabled: true}}, connect.Output{}); err == nil || errors.As(err, &gone) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("anybody is trusted: %v", err)
	}
}
