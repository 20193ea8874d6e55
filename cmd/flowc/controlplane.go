package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/attend"
	"github.com/flowc-dev/flowc/runtime/control/client"
)

// A planeArg says where a control plane is, and how one speaks to it.
type planeArg struct {
	ControlPlane string `help:"The control plane (flowc server), host:port." placeholder:"ADDR"`
	TLSCA        string `name:"tls-ca" help:"The authority of the control plane's certificate, PEM." placeholder:"FILE"`
	TLSCert      string `name:"tls-cert" help:"The certificate to show it, PEM." placeholder:"FILE"`
	TLSKey       string `name:"tls-key" help:"The key of that certificate." placeholder:"FILE"`
	TokenFile    string `help:"A file with the token that it wants." placeholder:"FILE"`
}

// planeFlags are the flags of it, all of which take a value.
var planeFlags = []string{"--control-plane", "--tls-ca", "--tls-cert", "--tls-key", "--token-file"}

// check refuses what can't be meant.
func (p *planeArg) check() error {
	switch {
	case p.ControlPlane == "" && (p.TLSCA != "" || p.TLSCert != "" || p.TLSKey != "" || p.TokenFile != ""):
		return usage(errors.New("--tls-ca, --tls-cert, --tls-key and --token-file are for a control plane: --control-plane says which"))
	case (p.TLSCert == "") != (p.TLSKey == ""):
		return usage(errors.New("--tls-cert and --tls-key belong together"))
	case p.ControlPlane == "":
		return nil
	}
	if _, port, err := net.SplitHostPort(p.ControlPlane); err != nil || port == "" {
		return usage(fmt.Errorf("--control-plane %q: write its address as host:port, such as 127.0.0.1:8080", p.ControlPlane))
	}
	return nil
}

// args are the flags that say the same again, from whatever folder.
func (p *planeArg) args() ([]string, error) {
	args := []string{"--control-plane", p.ControlPlane}
	for _, f := range []struct{ flag, file string }{{"--tls-ca", p.TLSCA}, {"--tls-cert", p.TLSCert}, {"--tls-key", p.TLSKey}, {"--token-file", p.TokenFile}} {
		if f.file == "" {
			continue
		}
		path, err := absolute(f.file)
		if err != nil {
			return nil, environment(fmt.Errorf("%s: %w", f.flag, err))
		}
		args = append(args, f.flag, path)
	}
	return args, nil
}

// dial makes a client of it.
func (p *planeArg) dial() (*client.Client, error) {
	c, err := client.Open(client.Options{Address: p.ControlPlane, CA: p.TLSCA, Cert: p.TLSCert, Key: p.TLSKey, Token: p.TokenFile})
	if err != nil {
		return nil, environment(err)
	}
	return c, nil
}

// runs are those that it knows.
func (p *planeArg) runs(ctx context.Context) ([]*deploy.Run, error) {
	c, err := p.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	all, err := c.Components(ctx)
	if err != nil {
		return nil, environment(err)
	}
	return attend.Runs(p.ControlPlane, all), nil
}

// there looks whether it lets us in, before a run is started: what is wrong with a token or
// a certificate is an error, and a server that is not there yet a warning.
func (p *planeArg) there(a *app) error {
	if err := p.check(); err != nil || p.ControlPlane == "" {
		return err
	}
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.Admitted(a.ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, client.ErrAway):
		fmt.Fprintf(a.stderr, "flowc: warning: %v; the run goes on, and registers when one does\n", err)
		return nil
	}
	return environment(err)
}
