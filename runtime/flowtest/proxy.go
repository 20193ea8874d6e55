package flowtest

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// A Proxy stands between a program and a server, and is the network that fails: give
// the program its Address in the place of the server's. What it is told to do holds
// for the connections that there are, and for those that come.
type Proxy struct {
	listener net.Listener
	target   string
	work     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	refuses bool
	holds   [2]bool
	delay   time.Duration
	changed chan struct{} // closed when one of those has changed
	pairs   map[*pair]bool
}

// The directions of a connection.
const (
	toServer = iota
	toProgram
)

// A pair is a connection of the program's, and the one to the server for it.
type pair struct{ program, server *net.TCPConn }

// NewProxy begins to listen for connections to a server, "host:port".
func NewProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, target: target, changed: make(chan struct{}), pairs: map[*pair]bool{}}
	p.work.Go(p.accept)
	return p, nil
}

// Address is where the program is to connect, "host:port".
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Cut ends all connections at once, as a server that dies does.
func (p *Proxy) Cut() {
	for _, c := range p.all() {
		c.reset()
	}
}

// HalfClose has all connections say to the program that nothing more comes, and take
// what it sends.
func (p *Proxy) HalfClose() {
	for _, c := range p.all() {
		_ = c.program.CloseWrite() // it may have ended
	}
}

// Refuse ends each new connection at once; false lets them through again.
func (p *Proxy) Refuse(refuse bool) { p.set(func() { p.refuses = refuse }) }

// Blackhole lets nothing through, in either direction, and keeps the connections open;
// false lets through what was held.
func (p *Proxy) Blackhole(hold bool) { p.set(func() { p.holds = [2]bool{hold, hold} }) }

// Mute lets through what the program sends, and holds the answers: what it asked for
// is done, and it does not know. Cut behind it, and it never learns.
func (p *Proxy) Mute(hold bool) { p.set(func() { p.holds = [2]bool{toProgram: hold} }) }

// Delay holds up each piece of what is sent, in both directions, by a time; 0 ends it.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.delay = d }) }

// Heal ends all that it was told, and keeps the connections.
func (p *Proxy) Heal() {
	p.set(func() { p.refuses, p.holds, p.delay = false, [2]bool{}, 0 })
}

// Close ends all connections, and listens no more.
func (p *Proxy) Close() error {
	p.set(func() { p.closed = true })
	err := p.listener.Close()
	p.Cut()
	p.work.Wait()
	return err
}

// Faults are what can happen to a network, as Chaos.More takes them: each of them holds
// for the pause, and then all is well again.
func (p *Proxy) Faults() map[Fault]func(pause time.Duration) error {
	during := func(begin, end func()) func(time.Duration) error {
		return func(pause time.Duration) error {
			begin()
			time.Sleep(pause)
			end()
			return nil
		}
	}
	cut := func(begin func()) func() {
		return func() {
			begin()
			p.Cut()
		}
	}
	return map[Fault]func(time.Duration) error{
		"connections cut":     during(p.Cut, p.Heal),
		"connections refused": during(cut(func() { p.Refuse(true) }), p.Heal),
		"half closed":         during(p.HalfClose, cut(p.Heal)),
		"network blackhole":   during(func() { p.Blackhole(true) }, p.Heal),
		"answers held":        during(func() { p.Mute(true) }, p.Heal),
		"answers lost":        during(func() { p.Mute(true) }, func() { p.Cut(); p.Heal() }),
		"network slow as tar": during(func() { p.Delay(20 * time.Millisecond) }, p.Heal),
	}
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) all() (pairs []*pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		pairs = append(pairs, c)
	}
	return pairs
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.serve(conn.(*net.TCPConn)) })
	}
}

// serve connects a program's connection with the server.
func (p *Proxy) serve(program *net.TCPConn) {
	p.mu.Lock()
	refuses := p.refuses || p.closed
	p.mu.Unlock()
	var server net.Conn
	err := errors.New("refused")
	if !refuses {
		server, err = net.DialTimeout("tcp", p.target, 10*time.Second)
	}
	if err != nil {
		(&pair{program: program}).reset()
		return
	}
	c := &pair{program, server.(*net.TCPConn)}
	p.mu.Lock()
	p.pairs[c] = true
	late := p.closed
	p.mu.Unlock()
	if late {
		c.reset()
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(c.server, c.program, toServer) })
	both.Go(func() { p.pump(c.program, c.server, toProgram) })
	both.Wait()
	p.mu.Lock()
	delete(p.pairs, c)
	p.mu.Unlock()
	_ = c.program.Close()
	_ = c.server.Close()
}

// pump sends on what comes, until it ends.
func (p *Proxy) pump(to, from *net.TCPConn, direction int) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.hold(direction)
			if _, failed := to.Write(buffer[:n]); failed != nil && err == nil {
				if direction == toProgram {
					return
				}
				err = failed
			}
		}
		if errors.Is(err, io.EOF) {
			p.hold(direction)
			_ = to.CloseWrite() // it may have ended
			return
		}
		if err != nil {
			_ = to.SetLinger(0)
			_ = to.Close() // as the other one was
			return
		}
	}
}

// hold waits as long as nothing is to come through.
func (p *Proxy) hold(direction int) {
	for {
		p.mu.Lock()
		held, delay, changed := p.holds[direction] && !p.closed, p.delay, p.changed
		p.mu.Unlock()
		if !held {
			time.Sleep(delay)
			return
		}
		<-changed
	}
}

// reset ends both connections without a word of farewell.
func (c *pair) reset() {
	for _, conn := range []*net.TCPConn{c.program, c.server} {
		if conn != nil {
			_ = conn.SetLinger(0)
			_ = conn.Close()
		}
	}
}
