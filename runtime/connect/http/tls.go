package http

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// check finds what the settings of a server lack.
func (t ServerTLS) check() error {
	switch {
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("tls needs both cert and key")
	case t.ClientCA != "" && t.Cert == "":
		return errors.New("tls.client_ca needs cert and key as well")
	}
	return nil
}

// load reads the files of a server's identity; nil where it has none.
func (t ServerTLS) load() (*tls.Config, error) {
	if t.Cert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ClientCA != "" {
		if c.ClientCAs, err = pool("tls.client_ca", t.ClientCA); err != nil {
			return nil, err
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// load reads the files that say whom a client trusts.
func (t ClientTLS) load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure}
	var err error
	if t.CA != "" {
		if c.RootCAs, err = pool("tls.ca", t.CA); err != nil {
			return nil, err
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("tls needs both cert and key")
	}
	if t.Cert != "" {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// pool reads the authorities in a file.
func pool(key, file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s holds no certificate", key, file)
	}
	return p, nil
}
