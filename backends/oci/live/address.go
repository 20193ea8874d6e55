package live

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// An Address is where an engine is.
type Address struct {
	// Host is a URL: unix:///var/run/docker.sock, tcp://host:2376.
	Host string
	// Certificates is a folder with ca.pem, cert.pem and key.pem, "" for none.
	Certificates string
	// From says who named it, for errors.
	From string
}

// defaultHost is where Docker's engine is unless somebody says otherwise.
const defaultHost = "unix:///var/run/docker.sock"

// FindEngine finds the engine as Docker's own command does: by DOCKER_HOST, by the
// context that DOCKER_CONTEXT or Docker's configuration names, else at the usual
// place. home is the user's home folder.
func FindEngine(getenv func(string) string, home string) (Address, error) {
	folder := getenv("DOCKER_CONFIG")
	if folder == "" {
		folder = filepath.Join(home, ".docker")
	}
	if host := getenv("DOCKER_HOST"); host != "" {
		a := Address{Host: host, From: "DOCKER_HOST"}
		if getenv("DOCKER_TLS_VERIFY") != "" {
			if a.Certificates = getenv("DOCKER_CERT_PATH"); a.Certificates == "" {
				a.Certificates = folder
			}
		}
		return a, nil
	}
	context, from := getenv("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
	if context == "" {
		var config struct{ CurrentContext string }
		text, err := os.ReadFile(filepath.Join(folder, "config.json"))
		if err == nil && json.Unmarshal(text, &config) != nil {
			return Address{}, fmt.Errorf("%s is no JSON", filepath.Join(folder, "config.json"))
		}
		context, from = config.CurrentContext, filepath.Join(folder, "config.json")
	}
	if context == "" || context == "default" {
		return Address{Host: defaultHost, From: "the default"}, nil
	}
	return ofContext(folder, context, from)
}

// ofContext reads the address of a context of Docker's.
func ofContext(folder, context, from string) (Address, error) {
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(context)))
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	text, err := os.ReadFile(filepath.Join(folder, "contexts", "meta", id, "meta.json"))
	if err == nil {
		err = json.Unmarshal(text, &meta)
	}
	host := meta.Endpoints["docker"].Host
	if err != nil || host == "" {
		return Address{}, fmt.Errorf("%s names the context %q, and Docker's configuration has no address for it: `docker context ls` lists those that there are", from, context)
	}
	a := Address{Host: host, From: fmt.Sprintf("the context %q", context)}
	certificates := filepath.Join(folder, "contexts", "tls", id, "docker")
	if _, err := os.Stat(certificates); err == nil {
		a.Certificates = certificates
	}
	return a, nil
}

// clientTLS is the configuration that a folder of certificates asks for; each of
// its files may be missing.
func clientTLS(folder string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if text, err := os.ReadFile(filepath.Join(folder, "ca.pem")); err == nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", filepath.Join(folder, "ca.pem"))
		}
	}
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	if _, err := os.Stat(cert); err != nil {
		return c, nil //nolint:nilerr // an engine that asks for none
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("the engine's client certificate: %w", err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}
