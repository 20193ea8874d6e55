package http

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
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

// server reads the files of a server's identity; nil where it has none.
func (t SourceTLS) server() (*tls.Config, error) {
	if t.Cert == "" {
		return nil, nil
	}
	id := &identity{certFile: t.Cert, keyFile: t.Key}
	if _, err := id.get(nil); err != nil {
		return nil, err
	}
	c := &tls.Config{GetCertificate: id.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ClientCA != "" {
		pem, err := os.ReadFile(t.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("tls.client_ca: %w", err)
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.client_ca: %s holds no certificate", t.ClientCA)
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// client is the part of it that a client has.
func (t SourceTLS) client() connect.ClientTLS {
	return connect.ClientTLS{CA: t.CA, Cert: t.Cert, Key: t.Key, Insecure: t.Insecure}
}

// An identity is a certificate with its key, read anew when a file has changed:
// who renews it need not stop the program.
type identity struct {
	certFile, keyFile string

	mu       sync.Mutex
	cert     *tls.Certificate
	modified [2]time.Time
}

// get is tls.Config.GetCertificate. Files that can't be read at present, because
// one of them is written just now, leave the certificate that there was.
func (i *identity) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var modified [2]time.Time
	for n, file := range [2]string{i.certFile, i.keyFile} {
		if info, err := os.Stat(file); err == nil {
			modified[n] = info.ModTime()
		}
	}
	if i.cert != nil && modified == i.modified {
		return i.cert, nil
	}
	cert, err := tls.LoadX509KeyPair(i.certFile, i.keyFile)
	if err == nil {
		i.cert, i.modified = &cert, modified
	}
	if i.cert == nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return i.cert, nil
}
