package http

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/secure"
)

// check finds what the settings of a server lack.
func (t SourceTLS) check() error {
	switch {
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("tls needs both cert and key")
	case t.ClientCA != "" && t.Cert == "":
		return errors.New("tls.client_ca needs cert and key as well")
	}
	return nil
}

// server reads the files of a server's identity, and follows them; nil where it has
// none.
func (t SourceTLS) server() (*tls.Config, error) {
	if t.Cert == "" {
		return nil, nil
	}
	pair, err := secure.Pair(t.Cert, t.Key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.Get(), nil },
		MinVersion:     tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	if t.ClientCA == "" {
		return c, nil
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	present, err := secure.Following(c, "tls.client_ca", t.ClientCA, func(c *tls.Config, pool *x509.CertPool) {
		c.ClientCAs = pool
		// Whom the authorities before have vouched for is asked again.
		var key [32]byte
		_, _ = rand.Read(key[:]) // it never fails
		c.SetSessionTicketKeys([][32]byte{key})
	})
	if err != nil {
		return nil, err
	}
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return present(), nil }
	return c, nil
}

// client is the part of it that a client has.
func (t SourceTLS) client() connect.ClientTLS {
	return connect.ClientTLS{CA: t.CA, Cert: t.Cert, Key: t.Key, Insecure: t.Insecure}
}
