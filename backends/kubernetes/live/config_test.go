package live

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "SERVER", certificate-authority-data: CERTIFICATE}}]
users: [{name: token, user: {token: open-sesame}}, {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: PLUGIN, interactiveMode: Never}}}]
contexts: [{name: here, context: {cluster: c, user: token}}, {name: there, context: {cluster: c, user: plugin, namespace: shop}}]
current-context: here
`

// The cluster is found as kubectl finds it: by file, context and namespace, with tokens
// and with plugins that get them.
func TestFind(t *testing.T) {
	var authorized string
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorized = r.Header.Get("Authorization") + " " + r.UserAgent()
		_, _ = w.Write([]byte(`{"items":[]}`))
	}))
	t.Cleanup(s.Close)
	certificate := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	dir := t.TempDir()
	plugin := filepath.Join(dir, "plugin")
	script := "#!/bin/sh\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"from-a-plugin\"}}'\n"
	if err := os.WriteFile(plugin, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.NewReplacer("SERVER", s.URL, "CERTIFICATE", certificate, "PLUGIN", plugin).Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("config", kubeconfig)
	t.Setenv("KUBECONFIG", file)
	t.Setenv("HOME", dir)
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	for _, test := range []struct {
		choice                       Choice
		place, namespace, authorized string
	}{
		{Choice{Agent: "flowc"}, " (here)", "default", "Bearer open-sesame flowc"},
		{Choice{Agent: "flowc", Context: "there"}, " (there)", "shop", "Bearer from-a-plugin flowc"},
		{Choice{Agent: "flowc", Kubeconfig: write("other", strings.Replace(kubeconfig, "current-context: here", "current-context: there", 1))}, " (there)", "shop", "Bearer from-a-plugin flowc"},
	} {
		if strings.Contains(test.authorized, "plugin") && !canRun(plugin) {
			continue
		}
		e, err := Find(test.choice)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := e.Releases(t.Context()); err != nil {
			t.Error(err)
		}
		if want := "Kubernetes at " + s.URL + test.place; e.Place() != want || e.namespace != test.namespace || authorized != test.authorized {
			t.Errorf("%+v: %s, namespace %s, asked as %s", test.choice, e.Place(), e.namespace, authorized)
		}
	}
	for _, test := range []struct {
		choice Choice
		config string
		want   string
	}{
		{Choice{Kubeconfig: filepath.Join(dir, "none")}, file, "there is no such file"},
		{Choice{}, filepath.Join(dir, "none"), "nothing says which cluster is meant: there is no context in " + filepath.Join(dir, "none")},
		{Choice{Context: "elsewhere"}, file, "has the contexts here, there, and `--context` takes one of them"},
		{Choice{}, write("broken", "kind: [Config"), "can't be used"},
	} {
		t.Setenv("KUBECONFIG", test.config)
		if _, err := Find(test.choice); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v with %s: %v, and not %s", test.choice, test.config, err, test.want)
		}
	}
	t.Setenv("KUBECONFIG", file)
	e, err := Find(Choice{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := e.Releases(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "the cluster at "+s.URL+" can't be reached: ") {
		t.Error(err)
	}
}

// canRun tells whether this machine runs scripts.
func canRun(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o100 != 0
}
