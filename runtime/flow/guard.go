package flow

import "context"

// guard calls code of a connector or component; its panic is an error.
func (p *Program) guard(node int, call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = p.crashOf(v, max(node, 0)).err
		}
	}()
	return call()
}

// guardCtx is guard for calls with a context.
func (p *Program) guardCtx(ctx context.Context, node int, call func(context.Context) error) error {
	return p.guard(node, func() error { return call(ctx) })
}
