package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/connect/secure"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// patience is how long one request may take where a program waits for it.
const patience = 5 * time.Second

// An access is how to get to a cluster.
type access struct {
	node    string
	brokers []string
	tls     TLS
	sasl    SASL
	// login is the present sasl, for each login.
	login func() SASL
}

func (c SourceConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Brokers, c.TLS, c.SASL, func() SASL { return now().SASL }}
}

func (c SinkConfig) access(node string) access {
	now := fresh.Or(&c, c.Fresh)
	return access{node, c.Brokers, c.TLS, c.SASL, func() SASL { return now().SASL }}
}

// options checks the access and makes the client's options of it.
func (a *access) options() ([]kgo.Opt, error) {
	if len(a.brokers) == 0 {
		return nil, errors.New("brokers is empty: give the addresses of some brokers, such as localhost:9092")
	}
	for _, b := range a.brokers {
		if strings.TrimSpace(b) == "" || strings.ContainsAny(b, "/ @") {
			return nil, fmt.Errorf("the broker %q is no address such as localhost:9092", b)
		}
	}
	o := []kgo.Opt{
		kgo.SeedBrokers(a.brokers...), kgo.ClientID("flowc " + a.node), kgo.SoftwareNameAndVersion("flowc", "1"), kgo.DisableClientMetrics(),
		kgo.DialTimeout(patience), kgo.MetadataMaxAge(30 * time.Second), kgo.MetadataMinAge(500 * time.Millisecond),
		// The longest that there is: it is a lost connection that is to mean something.
		kgo.ConnIdleTimeout(15 * time.Minute),
		kgo.RetryBackoffFn(func(tries int) time.Duration { return min(50*time.Millisecond<<min(tries, 6), time.Second) }),
	}
	if a.tls != (TLS{}) {
		c, err := secure.Client(a.tls.client())
		if err != nil {
			return nil, err
		}
		o = append(o, kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			return (&tls.Dialer{Config: c()}).DialContext(ctx, network, address)
		}))
	}
	if a.sasl.Mechanism == "" && (a.sasl.User != "" || a.sasl.Password != "") {
		return nil, errors.New("sasl.mechanism is empty: it is plain, scram-sha-256 or scram-sha-512")
	}
	switch a.sasl.Mechanism {
	case "":
	case "plain":
		o = append(o, kgo.SASL(plain.Plain(func(context.Context) (plain.Auth, error) {
			now := a.login()
			return plain.Auth{User: now.User, Pass: now.Password}, nil
		})))
	case "scram-sha-256":
		o = append(o, kgo.SASL(scram.Sha256(a.scram)))
	case "scram-sha-512":
		o = append(o, kgo.SASL(scram.Sha512(a.scram)))
	default:
		return nil, fmt.Errorf("sasl.mechanism %q is none of plain, scram-sha-256 and scram-sha-512", a.sasl.Mechanism)
	}
	return o, nil
}

func (a *access) scram(context.Context) (scram.Auth, error) {
	now := a.login()
	return scram.Auth{User: now.User, Pass: now.Password}, nil
}

// A link is the client of a cluster. The client itself tries again for ever and
// says nothing: the link hears of each connection, and knows when there is none.
type link struct {
	access
	*messages.Link
	options []kgo.Opt
	client  *kgo.Client
	known   atomic.Bool         // the cluster has let the program in
	ear     atomic.Pointer[ear] // of the client
}

func newLink(a access) (*link, error) {
	l := &link{access: a, Link: messages.NewLink(strings.Join(a.brokers, ","))}
	o, err := a.options()
	l.options = o
	return l, err
}

// start connects: a client that is made with more options.
func (l *link) start(ctx context.Context, more ...kgo.Opt) error {
	e := &ear{link: l, open: map[net.Conn]bool{}, early: map[net.Conn]bool{}}
	client, err := kgo.NewClient(append(append([]kgo.Opt{kgo.WithHooks(e)}, l.options...), more...)...)
	if err != nil {
		return err
	}
	l.client = client
	l.ear.Store(e)
	e.hear(client)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		if reason := e.reason(); reason != nil {
			err = reason // and not that it took too long
		}
		l.close()
		l.Up() // the next try is another client
		return l.failed(err)
	}
	l.known.Store(true)
	return nil
}

// final tells whether the brokers have answered what they would answer again. A login
// that is refused in the course of a run is none: it was good, and may soon be another.
func final(err error) bool {
	var answered *kerr.Error
	return errors.As(err, &answered) && !answered.Retriable && !errors.Is(err, kerr.SaslAuthenticationFailed)
}

// failed is an error of a request that the start needs.
func (l *link) failed(err error) error {
	if l.known.Load() && (errors.Is(err, kerr.SaslAuthenticationFailed) || secure.Refused(err)) {
		return l.Gone(err)
	}
	for _, final := range []error{kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState, kerr.ClusterAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed} {
		if errors.Is(err, final) {
			return fmt.Errorf("%s: %w", l.Server, err)
		}
	}
	switch {
	case secure.Refused(err):
		return fmt.Errorf("%s: %w", l.Server, err)
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("the broker closed the connection as it was made; it may want TLS, or another login: %w", err)
	}
	return l.Gone(err)
}

// healthy asks the brokers whether they are there: a client that has nothing to
// send does not notice that its connections are gone. It may be called from any
// goroutine.
func (l *link) healthy(ctx context.Context) error {
	if err := l.Err(); err != nil {
		return err
	}
	e := l.ear.Load()
	if e == nil {
		return nil // not open yet
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := e.ping(ctx); err != nil {
		if known := l.Err(); known != nil {
			return known
		}
		return l.Gone(err)
	}
	return nil
}

// close lets go of the client.
func (l *link) close() {
	if l.client == nil {
		return
	}
	l.ear.Load().hear(nil)
	l.client.CloseAllowingRebalance()
	l.client = nil
}

// An ear hears of the connections of one client.
type ear struct {
	link *link

	mu     sync.Mutex
	client *kgo.Client // nil when it is not listened to any more
	// open are the connections; early those that the client said to be lost before
	// it said how they were made, as it does of those that the broker closes at once.
	open, early map[net.Conn]bool
	asking      bool
	last        error // of the last connection that could not be made
}

// hear listens to a client; nil to none.
func (e *ear) hear(client *kgo.Client) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.client = client
}

// reason is why the last connection could not be made.
func (e *ear) reason() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// OnBrokerConnect hears of a connection that was made, or could not be made.
func (e *ear) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, conn net.Conn, err error) {
	e.mu.Lock()
	if err == nil && !e.early[conn] {
		e.open[conn] = true
	}
	if conn != nil {
		delete(e.early, conn)
	}
	if !errors.Is(err, context.Canceled) {
		e.last = err
	}
	none, listened := len(e.open) == 0, e.client != nil
	e.mu.Unlock()
	switch {
	case !listened:
	case err == nil:
		e.link.Up()
	case errors.Is(err, context.Canceled):
	case none:
		e.link.Down(err)
		e.ask()
	default: // the others may be gone as well: nothing has been sent to them
		e.ask()
	}
}

// OnBrokerDisconnect hears of a connection that was lost.
func (e *ear) OnBrokerDisconnect(_ kgo.BrokerMetadata, conn net.Conn) {
	e.mu.Lock()
	if e.open[conn] {
		delete(e.open, conn)
	} else {
		e.early[conn] = true
	}
	none := len(e.open) == 0
	e.mu.Unlock()
	if none {
		e.ask()
	}
}

// ask tries to reach the cluster until it is there: a client that has nothing to
// send would not notice.
func (e *ear) ask() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asking || e.client == nil {
		return
	}
	e.asking = true
	go func() {
		for pause := 20 * time.Millisecond; !e.reached(); pause = min(2*pause, time.Second) {
			time.Sleep(pause)
		}
	}()
}

// reached tells that the cluster is there, or that nobody cares any more.
func (e *ear) reached() bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := e.ping(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asking = e.client != nil && err != nil
	switch {
	case e.client == nil:
	case err == nil:
		e.link.Up()
	case e.last != nil:
		e.link.Down(e.last) // and not that it took too long
	default:
		e.link.Down(err)
	}
	return !e.asking
}

// ping asks the brokers whether they are there, as long as somebody listens.
func (e *ear) ping(ctx context.Context) error {
	e.mu.Lock()
	client := e.client
	e.mu.Unlock()
	if client == nil {
		return nil
	}
	return client.Ping(ctx)
}
