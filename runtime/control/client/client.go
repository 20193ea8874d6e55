// Package client speaks to a control plane: with TLS and tokens, and with errors that say
// what to do.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// Options say where a control plane is, and how one speaks to it.
type Options struct {
	// Address is host:port.
	Address string
	// CA is the file of the authority of its certificate; Cert and Key are those of what is
	// shown to it. All are PEM, and "" for none: without CA and Cert there is no TLS.
	CA, Cert, Key string
	// Token is the file of the token that it wants, "" for none.
	Token string
}

// A Client speaks to one.
type Client struct {
	// Plane has the calls.
	Plane proto.ControlPlaneServiceClient

	options Options
	secure  *tls.Config // nil without TLS
	conn    *grpc.ClientConn
}

// ErrAway is the error of a control plane that does not answer: it may later.
var ErrAway = errors.New("no control plane answers")

// Open makes a client, which connects when it is first asked. Certificates that are shown
// and the token are read anew for each connection and call: they change while a run goes on.
func Open(o Options) (*Client, error) {
	transport := insecure.NewCredentials()
	var secure *tls.Config
	if o.CA != "" || o.Cert != "" {
		var err error
		if secure, err = o.tls(); err != nil {
			return nil, err
		}
		transport = credentials.NewTLS(secure)
	}
	if o.Token != "" {
		if _, err := os.ReadFile(o.Token); err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
	}
	show := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if o.Token != "" {
			token, err := os.ReadFile(o.Token)
			if err != nil {
				return fmt.Errorf("--token-file: %w", err)
			}
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+string(bytes.TrimSpace(token)))
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}
	conn, err := grpc.NewClient(o.Address, grpc.WithTransportCredentials(transport), grpc.WithUnaryInterceptor(show))
	if err != nil {
		return nil, fmt.Errorf("--control-plane %s: %w", o.Address, err)
	}
	return &Client{Plane: proto.NewControlPlaneServiceClient(conn), options: o, secure: secure, conn: conn}, nil
}

// Close ends the connection.
func (c *Client) Close() { _ = c.conn.Close() }

func (o *Options) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		text, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--tls-ca: there is no certificate in PEM in %s", o.CA)
		}
	}
	if o.Cert != "" {
		if _, err := tls.LoadX509KeyPair(o.Cert, o.Key); err != nil {
			return nil, fmt.Errorf("--tls-cert: %w", err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
			return &pair, err
		}
	}
	return config, nil
}

// AnswerTime is how long an answer is waited for.
const AnswerTime = 5 * time.Second

// maxListing is how large the list of a control plane may be: that of ten thousand
// components is some megabytes.
const maxListing = 256 << 20

// Components asks for all that it knows, records of runs among them.
func (c *Client) Components(ctx context.Context) ([]*proto.ComponentStatusResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	all, err := c.Plane.ListComponents(ctx, &proto.ListComponentsRequest{IncludeUnhealthy: true}, grpc.MaxCallRecvMsgSize(maxListing))
	if err != nil {
		return nil, c.refused(ctx, err)
	}
	return all.GetComponents(), nil
}

// Admitted finds out whether it lets us in: [ErrAway] is one that may answer later, another
// error is to be mended here.
func (c *Client) Admitted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerTime)
	defer cancel()
	_, err := c.Plane.GetComponentStatus(ctx, &proto.ServiceIdentifier{ServiceId: "flowc"})
	if err == nil || Unknown(err) { // it has answered
		return nil
	}
	return c.refused(ctx, err)
}

// Unknown tells the error of a service id that nobody has (any more).
func Unknown(err error) bool { return status.Code(err) == codes.NotFound }

// refused is an error of a call, with what to do about it.
func (c *Client) refused(ctx context.Context, err error) error {
	text := status.Convert(err).Message()
	switch status.Code(err) {
	case codes.Unauthenticated:
		return fmt.Errorf("the control plane at %s: %s (--token-file)", c.options.Address, text)
	case codes.Unavailable, codes.DeadlineExceeded:
		if c.secure == nil && strings.Contains(text, "error reading server preface") { // one is there, and hangs up
			return fmt.Errorf("the control plane at %s can't be spoken to: %s (of one with TLS, --tls-ca says whose certificate it has)", c.options.Address, text)
		}
		if why := c.closed(ctx); why != nil {
			return fmt.Errorf("the control plane at %s can't be spoken to: %w (--tls-ca is the authority of its certificate, --tls-cert and --tls-key are what it is shown)", c.options.Address, why)
		}
		return fmt.Errorf("%w at %s: %s", ErrAway, c.options.Address, text)
	}
	return fmt.Errorf("the control plane at %s: %s", c.options.Address, text)
}

// knockTime is how long it may take to find out why a server does not let us in.
const knockTime = 2 * time.Second

// closed is why a server with TLS does not let us in; nil where it does, or where none is
// there. The error of a call may be just that the connection broke: a server refuses a
// certificate when the client has already begun to write.
func (c *Client) closed(ctx context.Context) error {
	if c.secure == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), knockTime)
	defer cancel()
	config := c.secure.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", c.options.Address)
	if err == nil {
		defer conn.Close()
		if deadline, ok := ctx.Deadline(); ok {
			_ = conn.SetReadDeadline(deadline) // a connection that has none just now has ended
		}
		_, err = conn.Read(make([]byte, 1)) // its settings, or what it has against us
	}
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op != "remote error" || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
