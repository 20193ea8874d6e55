package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// The telemetry server speaks just enough HTTP for probes and scrapers: package
// net/http would double the size of every built program.
const (
	telemetryTimeout  = 10 * time.Second
	telemetryMostWork = 32      // connections at once
	telemetryMostHead = 8 << 10 // bytes of a request's head
)

// A pager has the pages that the server shows.
type pager interface {
	// page gives the answer to a GET.
	page(ctx context.Context, path string) (status int, kind string, body []byte)
}

// pages are those of a program.
type pages struct {
	spec *Spec
	// program is the present one: it is another after a lost transaction.
	program func() *flow.Program
}

// page gives the answer to a GET.
func (p pages) page(ctx context.Context, path string) (status int, kind string, body []byte) {
	const text = "text/plain; charset=utf-8"
	switch path {
	case "/livez":
		return 200, text, []byte("ok\n")
	case "/readyz":
		if err := p.program().Ready(ctx); err != nil {
			return 503, text, []byte(err.Error() + "\n")
		}
		return 200, text, []byte("ready\n")
	case "/metrics":
		ready := p.program().Ready(ctx) == nil
		return 200, "text/plain; version=0.0.4; charset=utf-8", metrics(p.spec, p.program().Snapshot(), ready)
	}
	return 404, text, []byte("this server has /livez, /readyz and /metrics\n")
}

// listen serves the pages until stop is called.
func listen(address string, p pager) (stop func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return serveOn(l, p), nil
}

// serveOn serves the pages on a listener until stop is called.
func serveOn(l net.Listener, p pager) (stop func()) {
	s := &server{pages: p, open: map[net.Conn]bool{}, slots: make(chan struct{}, telemetryMostWork)}
	s.work.Go(func() { s.accept(l) })
	return func() {
		_ = l.Close()
		s.close()
		s.work.Wait()
	}
}

type server struct {
	pages pager
	slots chan struct{}
	work  sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(10 * time.Millisecond) // out of descriptors, for now
			continue
		}
		if !s.track(c) {
			_ = c.Close()
			return
		}
		s.slots <- struct{}{}
		s.work.Go(func() {
			defer func() { <-s.slots }()
			defer s.drop(c)
			_ = c.SetDeadline(time.Now().Add(telemetryTimeout))
			_ = s.answer(c)
		})
	}
}

func (s *server) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.open[c] = true
	}
	return !s.closed
}

func (s *server) drop(c net.Conn) {
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
	_ = c.Close()
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		_ = c.Close()
	}
}

// answer reads one request and answers it; the connection is closed behind it.
func (s *server) answer(c net.Conn) error {
	method, path, err := readHead(bufio.NewReader(io.LimitReader(c, telemetryMostHead)))
	if err != nil {
		return writeAnswer(c, 400, "text/plain; charset=utf-8", []byte("this is no HTTP request\n"), true)
	}
	if method != "GET" && method != "HEAD" {
		return writeAnswer(c, 405, "text/plain; charset=utf-8", []byte("only GET and HEAD\n"), true)
	}
	ctx, cancel := context.WithTimeout(context.Background(), telemetryTimeout)
	defer cancel()
	status, kind, body := s.pages.page(ctx, path)
	return writeAnswer(c, status, kind, body, method == "GET")
}

// readHead reads the head of a request and gives its method and path.
func readHead(r *bufio.Reader) (method, path string, err error) {
	first := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "" && first == "":
			return "", "", errors.New("no request line")
		case line == "":
			fields := strings.Fields(first)
			if len(fields) != 3 || !strings.HasPrefix(fields[2], "HTTP/1.") {
				return "", "", errors.New("no request line")
			}
			path, _, _ := strings.Cut(fields[1], "?")
			return fields[0], path, nil
		case first == "":
			first = line
		}
	}
}

var statusText = map[int]string{200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

func writeAnswer(w io.Writer, status int, kind string, body []byte, withBody bool) error {
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		status, statusText[status], kind, len(body))
	if !withBody {
		body = nil
	}
	_, err := w.Write(append([]byte(head), body...))
	return err
}

// health asks the running program whether it is ready.
func (p *process) health(ctx context.Context, o *options, set []assignment) int {
	address := o.address
	if address == "" {
		if err := p.resolveOnly("telemetry.http", set); err != nil {
			return p.fail(err)
		}
		if p.spec.Telemetry != nil {
			address = p.spec.Telemetry.HTTP
		}
	}
	if address == "" {
		return p.fail(&usageError{"health: telemetry.http is not set, so the program has no address to ask (--address HOST:PORT names one)"})
	}
	status, body, err := get(ctx, dialable(address), "/readyz")
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: %v\n", p.spec.Name, err)
		return exitNotReady
	}
	fmt.Fprintf(p.stdout, "%s: %s\n", p.spec.Name, strings.TrimSpace(body))
	if status != 200 {
		return exitNotReady
	}
	return exitOK
}

// resolveOnly gives one setting its value; all others may lack theirs.
func (p *process) resolveOnly(key string, set []assignment) error {
	if err := checkKeys(p.spec, set); err != nil {
		return err
	}
	s := *p.spec
	s.Refs, s.Fresh = nil, nil
	for _, r := range p.spec.refs() {
		if r.Key == key {
			s.Refs = append(s.Refs, r)
		}
	}
	var own []assignment
	for _, a := range set {
		if a.key == key {
			own = append(own, a)
		}
	}
	return resolve(&s, p.env, own)
}

// dialable is an address to call for one to listen at.
func dialable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// get is a GET of a page of our own server.
func get(ctx context.Context, address, path string) (status int, body string, err error) {
	d := net.Dialer{Timeout: telemetryTimeout / 2}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(telemetryTimeout))
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address); err != nil {
		return 0, "", err
	}
	data, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if err != nil {
		return 0, "", err
	}
	head, body, found := strings.Cut(string(data), "\r\n\r\n")
	fields := strings.Fields(head)
	if !found || len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return 0, "", fmt.Errorf("%s does not answer as HTTP", address)
	}
	status, err = strconv.Atoi(fields[1])
	return status, body, err
}
