package control

import (
	"net"
	"strconv"
)

// Claim gives a component that this program starts the id under which it is to register: its
// name, or, where another one has that (a node with copies), the name with a number. port is
// where it is told to listen, 0 where nobody told it. What registers under the id of another
// one, or at its port, is never taken for this one, however late it comes. The id is its own
// until release is called.
func (p *Plane) Claim(name string, port int) (id string, release func()) {
	p.claiming.Lock()
	defer p.claiming.Unlock()
	id = name
	for n := 2; ; n++ {
		if _, taken := p.claims[id]; !taken {
			break
		}
		id = name + "-" + strconv.Itoa(n)
	}
	if p.claims == nil {
		p.claims = map[string]int{}
	}
	p.claims[id] = port
	return id, func() {
		p.claiming.Lock()
		defer p.claiming.Unlock()
		delete(p.claims, id)
	}
}

// another tells whether a registration is that of another claim than the one of an id.
func (p *Plane) another(id string, e *entry) bool {
	p.claiming.Lock()
	defer p.claiming.Unlock()
	_, port, _ := net.SplitHostPort(e.Info.GetEndpoint())
	for other, at := range p.claims {
		if other != id && (e.called(other) || at != 0 && port == strconv.Itoa(at)) {
			return true
		}
	}
	return false
}
