package http

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Sink sends records in requests. What was answered with success is written:
// it asks for nothing more.
type Sink struct {
	config SinkConfig
	output connect.Output
	keyed  int // where the URL stands in Out.Keys, -1 for one URL
	client *http.Client

	body   bytes.Buffer
	packed bytes.Buffer
	zip    *gzip.Writer
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	s := &Sink{config: c, output: out, keyed: slices.Index(out.Keys, "url")}
	if s.keyed < 0 {
		if err := checkURL(c.URL); err != nil {
			return nil, err
		}
	}
	if c.Token != "" && c.User != "" {
		return nil, errors.New("token and user are two ways to say who it is: choose one")
	}
	t, err := c.TLS.load()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: t, ForceAttemptHTTP2: true,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
	}
	s.client = &http.Client{Transport: transport, Timeout: c.Timeout,
		// A redirected POST would become a GET without its records.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("url %q is no http or https URL", text)
	}
	return nil
}

// load reads the files that say whom to trust.
func (t ClientTLS) load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca: %s holds no certificate", t.CA)
		}
	}
	if t.Cert != "" || t.Key != "" {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// Open does nothing: a server that is not there shows at the first record, and
// is waited for.
func (s *Sink) Open(context.Context) error { return nil }

// Write sends the records.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	if s.config.Format == "json" && !s.config.Array {
		return s.each(ctx, o)
	}
	if s.keyed < 0 {
		return s.send(ctx, s.config.URL, o, 0, o.Count)
	}
	urls := o.Keys[s.keyed]
	failed := map[int]error{}
	for from := 0; from < len(urls); {
		to := from + 1
		for to < len(urls) && urls[to] == urls[from] {
			to++
		}
		if err := s.send(ctx, urls[from], o, from, to); err != nil {
			for i := from; i < to; i++ {
				failed[i] = err
			}
		}
		from = to
	}
	return partial(failed)
}

// each sends a request for each record.
func (s *Sink) each(ctx context.Context, o *flow.Out) error {
	failed := map[int]error{}
	for i := range o.Ends {
		target := s.config.URL
		if s.keyed >= 0 {
			target = o.Keys[s.keyed][i]
		}
		if err := s.send(ctx, target, o, i, i+1); err != nil {
			failed[i] = err
		}
	}
	return partial(failed)
}

func partial(failed map[int]error) error {
	if len(failed) == 0 {
		return nil
	}
	return &flow.PartialError{Failed: failed}
}

// send sends records [from, to) of a packet in one request.
func (s *Sink) send(ctx context.Context, target string, o *flow.Out, from, to int) error {
	if s.keyed >= 0 {
		if err := checkURL(target); err != nil {
			return &statusError{what: err.Error(), permanent: true}
		}
	}
	body, err := s.encode(o, from, to)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, s.config.Method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	s.headers(q)
	resp, err := s.client.Do(q)
	if err != nil {
		return &goneError{err}
	}
	defer resp.Body.Close()
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // what it says matters only in errors
	if resp.StatusCode/100 == 2 {
		return nil
	}
	return refused(resp, head)
}

// encode makes the body of a request.
func (s *Sink) encode(o *flow.Out, from, to int) ([]byte, error) {
	begin := 0
	if from > 0 {
		begin = int(o.Ends[from-1])
	}
	end := len(o.Data)
	if to < o.Count {
		end = int(o.Ends[to-1])
	}
	body := o.Data[begin:end]
	if s.config.Format == "json" && s.config.Array {
		s.body.Reset()
		s.body.WriteByte('[')
		for i := from; i < to; i++ {
			if i > from {
				s.body.WriteByte(',')
			}
			s.body.Write(o.Data[begin:o.Ends[i]])
			begin = int(o.Ends[i])
		}
		s.body.WriteByte(']')
		body = s.body.Bytes()
	}
	if s.config.Compression != "gzip" {
		return body, nil
	}
	s.packed.Reset()
	if s.zip == nil {
		s.zip = gzip.NewWriter(&s.packed)
	} else {
		s.zip.Reset(&s.packed)
	}
	if _, err := s.zip.Write(body); err != nil {
		return nil, err
	}
	if err := s.zip.Close(); err != nil {
		return nil, err
	}
	return s.packed.Bytes(), nil
}

// headers sets what the config says, over what the format says.
func (s *Sink) headers(q *http.Request) {
	q.Header.Set("Content-Type", map[string]string{"ndjson": "application/x-ndjson", "json": "application/json"}[s.config.Format])
	q.Header.Set("User-Agent", "flowc")
	if s.config.Compression == "gzip" {
		q.Header.Set("Content-Encoding", "gzip")
	}
	for k, v := range s.config.Headers {
		q.Header.Set(k, v)
	}
	switch {
	case s.config.Token != "":
		q.Header.Set("Authorization", "Bearer "+s.config.Token)
	case s.config.User != "":
		q.SetBasicAuth(s.config.User, s.config.Password)
	}
}

// Sync does nothing: an answer said that the records are safe.
func (s *Sink) Sync(context.Context) error { return nil }

// Close closes idle connections.
func (s *Sink) Close(context.Context, bool) error {
	s.client.CloseIdleConnections()
	return nil
}
