package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
)

// A door is where containers reach a server that listens on the loopback alone: the
// machine's own address in their network. Nobody else is in there.
type door struct {
	to        string
	listeners []net.Listener
	over      sync.WaitGroup

	mu     sync.Mutex
	shut   bool
	guests map[net.Conn]bool
}

// openDoor opens the door of a service: at its own port, and at the one that its image would
// have, so that files of Compose find it where they look for it. Where something else has
// that one, only the first is there.
func openDoor(gateway string, s *Service) (*door, error) {
	if gateway == "" { // which would be all of the machine's addresses
		return nil, errors.New("the engine does not say where this machine is in it")
	}
	d := &door{to: local(s.Port), guests: map[net.Conn]bool{}}
	ports := []int{s.Port}
	if s.Inner != 0 && s.Inner != s.Port {
		ports = append(ports, s.Inner)
	}
	var taken error
	for i, port := range ports {
		l, err := net.Listen("tcp", net.JoinHostPort(gateway, strconv.Itoa(port)))
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			taken = fmt.Errorf("containers find it at port %d alone: %w", s.Port, err)
			continue
		}
		d.listeners = append(d.listeners, l)
		d.over.Go(func() { d.serve(l) })
	}
	return d, taken
}

func (d *door) serve(l net.Listener) {
	for {
		guest, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		d.over.Go(func() { d.lead(guest) })
	}
}

// lead carries what a guest and the server say to each other.
func (d *door) lead(guest net.Conn) {
	defer guest.Close()
	host, err := net.Dial("tcp", d.to)
	if err != nil {
		return // it is not there yet, or not any more
	}
	defer host.Close()
	if !d.enter(guest) {
		return
	}
	defer d.leave(guest)
	var both sync.WaitGroup
	both.Go(func() { carry(host, guest) })
	carry(guest, host)
	both.Wait()
}

// carry carries one direction to its end, and hands the end on.
func carry(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = half.CloseWrite()
		return
	}
	to.Close()
	from.Close()
}

func (d *door) enter(guest net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.shut {
		d.guests[guest] = true
	}
	return !d.shut
}

func (d *door) leave(guest net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.guests, guest)
}

// close shows all guests out.
func (d *door) close() {
	for _, l := range d.listeners {
		l.Close()
	}
	d.mu.Lock()
	d.shut = true
	for guest := range d.guests {
		guest.Close()
	}
	d.mu.Unlock()
	d.over.Wait()
}

// behind is a server with a door.
type behind struct {
	Server
	door *door
}

// Stop implements [Server].
func (b behind) Stop() {
	b.door.close()
	b.Server.Stop()
}

// local is a port of this machine's loopback.
func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
