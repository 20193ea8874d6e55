package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/fresh"
)

// Certificates are those of the server, and the authority of its clients' where they must
// have one. Files that change are read again.
type Certificates struct {
	own     *fresh.Files[*tls.Certificate]
	clients *fresh.Files[*x509.CertPool] // nil where clients need none
}

// OpenCertificates reads a certificate, its key and the authority of clients, PEM files;
// clients need no certificate where authority is "".
func OpenCertificates(certificate, key, authority string) (*Certificates, error) {
	c := &Certificates{}
	var err error
	c.own, err = fresh.Open(func(texts [][]byte) (*tls.Certificate, error) {
		pair, err := tls.X509KeyPair(texts[0], texts[1])
		if err != nil {
			return nil, fmt.Errorf("it is no certificate with its key: %w", err)
		}
		return &pair, nil
	}, certificate, key)
	if err != nil || authority == "" {
		return c, err
	}
	c.clients, err = fresh.Open(func(texts [][]byte) (*x509.CertPool, error) {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(texts[0]) {
			return nil, errors.New("there is no certificate in it")
		}
		return pool, nil
	}, authority)
	return c, err
}

// config is that of a listener whose clients speak a protocol.
func (c *Certificates) config(protocol string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			one := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{protocol}, Certificates: []tls.Certificate{*c.own.Get()}}
			if c.clients != nil {
				one.ClientAuth, one.ClientCAs = tls.RequireAndVerifyClientCert, c.clients.Get()
			}
			return one, nil
		},
	}
}
