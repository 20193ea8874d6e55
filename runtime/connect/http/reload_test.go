package http

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// put writes a file.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// follow gives a config made of what a file has.
func follow[C any](t *testing.T, path string, config func(secret string) C) func() *C {
	t.Helper()
	f, err := fresh.Open(func(c [][]byte) (*C, error) {
		made := config(string(c[0]))
		return &made, nil
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	return f.Get
}

// A server that asks for another token, password, header or signature than before is
// waited for by who has it from a file, until the file has the new one.
func TestLoginReloads(t *testing.T) {
	for name, c := range map[string]struct {
		config func(url, secret string) SinkConfig
		knows  func(q *http.Request, body []byte, secret string) bool
	}{
		"token": {
			func(url, secret string) SinkConfig { return SinkConfig{URL: url, Token: secret} },
			func(q *http.Request, _ []byte, secret string) bool {
				return q.Header.Get("Authorization") == "Bearer "+secret
			},
		},
		"password": {
			func(url, secret string) SinkConfig { return SinkConfig{URL: url, User: "ann", Password: secret} },
			func(q *http.Request, _ []byte, secret string) bool {
				user, password, _ := q.BasicAuth()
				return user == "ann" && password == secret
			},
		},
		"url": {
			func(url, secret string) SinkConfig {
				return SinkConfig{URL: strings.Replace(url, "://", "://ann:"+secret+"@", 1)}
			},
			func(q *http.Request, _ []byte, secret string) bool {
				user, password, _ := q.BasicAuth()
				return user == "ann" && password == secret
			},
		},
		"header": {
			func(url, secret string) SinkConfig {
				return SinkConfig{URL: url, Headers: map[string]string{"X-Key": secret}}
			},
			func(q *http.Request, _ []byte, secret string) bool { return q.Header.Get("X-Key") == secret },
		},
		"signature": {
			func(url, secret string) SinkConfig { return SinkConfig{URL: url, Sign: Sign{Secret: secret}} },
			func(q *http.Request, body []byte, secret string) bool {
				s, err := Sign{Secret: secret}.verify().scheme()
				if err != nil {
					return false
				}
				v, err := s.begin(q)
				if err != nil {
					return false
				}
				if _, err := io.Copy(io.Discard, v.watch(io.NopCloser(bytes.NewReader(body)))); err != nil {
					return false
				}
				return v.end() == nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "secret")
			put(t, file, "first-secret")
			var wanted atomic.Value
			wanted.Store("first-secret")
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				body, _ := io.ReadAll(q.Body)
				if !c.knows(q, body, wanted.Load().(string)) {
					w.WriteHeader(http.StatusUnauthorized)
					_, _ = io.WriteString(w, q.Header.Get("Authorization")+q.Header.Get("X-Key"))
					return
				}
				_, _ = io.WriteString(w, `{"x":1}`)
			}))
			defer server.Close()
			to := func(secret string) SinkConfig {
				config := c.config(server.URL+"/x", secret)
				config.Method, config.Timeout = "POST", 10*time.Second
				return config
			}
			config := to("first-secret")
			config.Fresh = follow(t, file, func(secret string) SinkConfig {
				now := to(secret)
				now.Fresh = func() *SinkConfig { return nil } // as the program's has one
				return now
			})
			sink, err := NewSink(config, connect.Output{Format: "ndjson"})
			if err != nil {
				t.Fatal(err)
			}
			send := func() error { return sink.Write(t.Context(), packet("{}\n")) }
			if err := send(); err != nil {
				t.Fatal(err)
			}
			wanted.Store("second-secret")
			var gone *goneError
			if err := send(); !errors.As(err, &gone) || strings.Contains(err.Error(), "first-secret") {
				t.Fatalf("who is refused for a while: %v", err)
			}
			put(t, file, "second-secret")
			for err := send(); err != nil; err = send() {
				if !errors.As(err, &gone) {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if name == "password" {
				return // which may have anything in it
			}
			// What could not be sent is not taken.
			put(t, file, "third\nsecret")
			for range 20 {
				if err := send(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

// Who never was let in is not waited for: the login is wrong.
func TestWrongLoginOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	put(t, file, "wrong")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer server.Close()
	of := func(secret string) SinkConfig {
		return SinkConfig{URL: server.URL, Method: "POST", Token: secret, Timeout: 10 * time.Second, Fresh: func() *SinkConfig { return nil }}
	}
	config := of("wrong")
	config.Fresh = follow(t, file, of)
	sink, err := NewSink(config, connect.Output{Format: "ndjson"})
	if err != nil {
		t.Fatal(err)
	}
	var status *statusError
	if err := sink.Write(t.Context(), packet("{}\n")); !errors.As(err, &status) || !status.permanent {
		t.Errorf("the error is %v", err)
	}
}

// A source that asks goes on with what the file has now.
func TestPollingReloads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	put(t, file, "one")
	var wanted, answers atomic.Value
	wanted.Store("one")
	answers.Store(`{"n":1}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "Bearer "+wanted.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, answers.Load().(string))
	}))
	defer server.Close()
	of := func(secret string) SourceConfig {
		return SourceConfig{URL: server.URL, Token: secret, Every: 10 * time.Millisecond, Timeout: 10 * time.Second, MaxBody: 1 << 20, Fresh: func() *SourceConfig { return nil }}
	}
	config := of("one")
	config.Fresh = follow(t, file, of)
	source, err := NewSource(config, connect.Input{Node: "in", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	read := func(want string) {
		t.Helper()
		for {
			b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}
			err := source.Read(t.Context(), b)
			var gone *goneError
			switch {
			case errors.As(err, &gone):
				time.Sleep(10 * time.Millisecond)
			case err != nil:
				t.Fatal(err)
			case len(b.Data) > 0:
				if strings.TrimSpace(string(b.Data)) != want {
					t.Errorf("%q came, not %s", b.Data, want)
				}
				return
			}
		}
	}
	read(`{"n":1}`)
	wanted.Store("two")
	answers.Store(`{"n":2}`)
	var gone *goneError
	if err := source.Read(t.Context(), &flow.Batch{Data: make([]byte, 0, flow.BlockSize)}); !errors.As(err, &gone) {
		t.Fatalf("who is refused for a while: %v", err)
	}
	put(t, file, "two")
	read(`{"n":2}`)
}

// Senders show the token, and sign with the secret, that the files have now. One that
// is empty for a moment lets nobody in without.
func TestGuardReloads(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	put(t, file, "one")
	url, _ := served(t, func(c *SourceConfig) {
		c.Token, c.Verify = "one", Sign{Secret: "one"}.verify()
		rest := *c
		c.Fresh = follow(t, file, func(secret string) SourceConfig {
			now := rest
			now.Token, now.Verify = secret, Sign{Secret: secret}.verify()
			return now
		})
	}, func(*flow.Batch) error { return nil })
	post := func(secret string) int {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if secret != "" {
			q.Header.Set("Authorization", "Bearer "+secret)
			s, err := Sign{Secret: secret}.scheme()
			if err == nil {
				err = s.sign(q, "", []byte("{}\n"))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := post("one"); got != 200 {
		t.Fatalf("the status is %d", got)
	}
	put(t, file, "two")
	for post("two") != 200 {
		time.Sleep(10 * time.Millisecond)
	}
	if got := post("one"); got != 401 {
		t.Errorf("the old secret gets %d", got)
	}
	put(t, file, "")
	for range 20 {
		if got, known := post(""), post("two"); got != 401 || known != 200 {
			t.Fatalf("without a secret the status is %d, with that from before %d", got, known)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// What a sender had to show at first it always has to: a file that is empty does not
// open the door.
func TestGuardStays(t *testing.T) {
	signed := Sign{Secret: "one"}.verify()
	for name, c := range map[string]struct {
		first, now SourceConfig
		ok         bool
	}{
		"a token":              {SourceConfig{Token: "one"}, SourceConfig{Token: "two"}, true},
		"no token":             {SourceConfig{Token: "one"}, SourceConfig{}, false},
		"a token too many":     {SourceConfig{}, SourceConfig{Token: "two"}, true},
		"a secret":             {SourceConfig{Verify: signed}, SourceConfig{Verify: Sign{Secret: "two"}.verify()}, true},
		"no secret":            {SourceConfig{Verify: signed}, SourceConfig{}, false},
		"a token, no secret":   {SourceConfig{Token: "one", Verify: signed}, SourceConfig{Token: "two"}, false},
		"a secret, no token":   {SourceConfig{Token: "one", Verify: signed}, SourceConfig{Verify: signed}, false},
		"nothing, as at first": {SourceConfig{}, SourceConfig{}, true},
	} {
		if g, err := c.first.guard(&c.now); (err == nil) != c.ok || c.ok && g.token != c.now.Token {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A login may stand in the URL, and change; the place stays the same.
func TestURLStaysInItsPlace(t *testing.T) {
	const first = "https://ann:one@api.example.com/v1/events"
	for now, ok := range map[string]bool{
		"https://ann:two@api.example.com/v1/events":      true,
		"https://api.example.com/v1/events":              true,
		"https://ann:one@api.example.com/v1/events?a=b":  true,
		"http://ann:one@api.example.com/v1/events":       false,
		"https://ann:one@api.example.org/v1/events":      false,
		"https://ann:one@api.example.com:8443/v1/events": false,
		"https://ann:one@api.example.com/v2/events":      false,
		"api.example.com/v1/events":                      false,
		"":                                               false,
	} {
		if _, err := parseAgain(now, first); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "one@") {
			t.Errorf("%q: %v", now, err)
		}
	}
}

// A certificate that is its own authority, and its key, in files.
func writeIdentity(t *testing.T, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	put(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	put(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

// Both sides follow each other's authority: the server's certificate is by another one,
// and then the client's.
func TestAuthorityReloads(t *testing.T) {
	dir := t.TempDir()
	name := func(n string) string { return filepath.Join(dir, n) }
	copyOf := func(to, from string) {
		t.Helper()
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		put(t, to, string(text))
	}
	writeIdentity(t, name("server.pem"), name("server.key"))
	writeIdentity(t, name("client.pem"), name("client.key"))
	copyOf(name("ca.pem"), name("server.pem"))
	copyOf(name("client-ca.pem"), name("client.pem"))
	url, _ := served(t, func(c *SourceConfig) {
		c.TLS = SourceTLS{Cert: name("server.pem"), Key: name("server.key"), ClientCA: name("client-ca.pem")}
	}, func(*flow.Batch) error { return nil })
	url = strings.Replace(url, "http://", "https://", 1)
	sink, err := NewSink(SinkConfig{URL: url, Method: "POST", Timeout: 10 * time.Second, TLS: connect.ClientTLS{CA: name("ca.pem"), Cert: name("client.pem"), Key: name("client.key")}}, connect.Output{Format: "ndjson"})
	if err != nil {
		t.Fatal(err)
	}
	send := func() error {
		sink.(*Sink).client.CloseIdleConnections()
		return sink.Write(t.Context(), packet("{}\n"))
	}
	if err := send(); err != nil {
		t.Fatal(err)
	}
	shown := func() string { // by the server, at present
		t.Helper()
		c, err := tls.Dial("tcp", strings.Split(strings.TrimPrefix(url, "https://"), "/")[0], &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it only looks
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	wait := func() {
		t.Helper()
		var gone *goneError
		for err := send(); err != nil; err = send() {
			if !errors.As(err, &gone) {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	before := shown()
	writeIdentity(t, name("server.pem"), name("server.key"))
	copyOf(name("ca.pem"), name("server.pem"))
	for shown() == before {
		time.Sleep(10 * time.Millisecond)
	}
	wait()
	// The client has another authority, of which the server hears later.
	writeIdentity(t, name("client.pem"), name("client.key"))
	for send() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	copyOf(name("client-ca.pem"), name("client.pem"))
	wait()
}
