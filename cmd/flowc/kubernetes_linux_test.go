package main

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// A kubeCluster is a Kubernetes of one node, in namespaces of its own: what listens on
// the usual ports is reached by nobody else.
type kubeCluster struct {
	t    *testing.T
	bin  string // the folder of all binaries
	dir  string
	logs []string
}

// nodeAddress is where pods reach this process, and where the node is.
const nodeAddress = "198.18.0.1"

// kubeFiles are what the parts of the cluster are told, with DIR for its folder and BIN
// for that of the binaries.
var kubeFiles = map[string]string{
	"tokens.csv": "secret,admin,admin,system:masters\n",
	"kubeconfig": `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: secret}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
	"containerd.toml": `version = 3
root = "DIR/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/c.sock"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "localhost/flowc/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "DIR/cni"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    runtime_path = "BIN/containerd-shim-runc-v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false
`,
	"cni/10-flowc.conflist": `{"cniVersion": "1.0.0", "name": "flowc", "plugins": [{"type": "bridge", "bridge": "flowc0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "/run/ipam", "ranges": [[{"subnet": "198.18.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
`,
	"kubelet.yaml": `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
clusterDNS: [NODE]
clusterDomain: cluster.local
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
containerRuntimeEndpoint: unix:///run/containerd/c.sock
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
oomScoreAdj: 0
syncFrequency: 10s
`,
	"Corefile": `.:53 {
  bind NODE
  errors
  kubernetes cluster.local {
    kubeconfig DIR/kubeconfig
    ttl 1
  }
}
`,
	// A class without a provisioner: folders that a pod gets belong to root and are made
	// accessible to the group that the pod asks for, as those of a disk are.
	"class.yaml": `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: folders, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
`,
}

// newKubernetes starts a cluster, where `make e2e-k8s` has given its parts. It ends, part
// by part, when the test does.
func newKubernetes(t *testing.T) *kubeCluster {
	t.Helper()
	c := &kubeCluster{t: t, bin: os.Getenv("FLOWC_K8S"), dir: os.Getenv("FLOWC_K8S_STATE")}
	if c.bin == "" || c.dir == "" {
		t.Skip("needs Kubernetes: make e2e-k8s")
	}
	for file, text := range kubeFiles {
		path := filepath.Join(c.dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, strings.NewReplacer("DIR", c.dir, "BIN", c.bin, "NODE", nodeAddress).Replace(text))
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(c.dir, "sa.key"), string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	t.Cleanup(func() {
		if t.Failed() {
			c.tellLogs()
		}
	})

	c.front()

	kubeconfig := "--kubeconfig=" + filepath.Join(c.dir, "kubeconfig")
	c.start("etcd", "--data-dir", filepath.Join(c.dir, "etcd"), "--logger", "zap", "--log-level", "warn")
	c.start("kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--advertise-address="+nodeAddress, "--cert-dir="+filepath.Join(c.dir, "certs"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+filepath.Join(c.dir, "sa.key"), "--service-account-signing-key-file="+filepath.Join(c.dir, "sa.key"),
		"--token-auth-file="+filepath.Join(c.dir, "tokens.csv"), "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=master-count", "--profiling=false",
		"--kubelet-preferred-address-types=InternalIP", // nobody tells it the names of nodes
		"--requestheader-client-ca-file="+filepath.Join(c.dir, "front.crt"), "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--proxy-client-cert-file="+filepath.Join(c.dir, "front.crt"), "--proxy-client-key-file="+filepath.Join(c.dir, "front.key"))
	c.start("containerd", "--config", filepath.Join(c.dir, "containerd.toml"))
	c.until("the API server is ready", func() bool { return c.try("get", "--raw", "/readyz") == "ok" })
	c.start("kube-controller-manager", kubeconfig, "--bind-address=127.0.0.1", "--leader-elect=false", "--controllers=*,-nodeipam", "--service-account-private-key-file="+filepath.Join(c.dir, "sa.key"),
		"--root-ca-file="+filepath.Join(c.dir, "certs", "apiserver.crt")) // by which pods know the API server
	c.start("kube-scheduler", kubeconfig, "--bind-address=127.0.0.1", "--leader-elect=false")
	c.until("containerd is ready", func() bool { _, err := c.ctr("version"); return err == nil })
	c.load(c.pause())
	c.start("kubelet", kubeconfig, "--config="+filepath.Join(c.dir, "kubelet.yaml"), "--root-dir="+filepath.Join(c.dir, "kubelet"), "--hostname-override=node", "--node-ip="+nodeAddress)
	c.start("kube-proxy", kubeconfig, "--proxy-mode=nftables", "--hostname-override=node", "--cluster-cidr=198.18.0.0/24", "--conntrack-max-per-core=0")
	c.start("coredns", "-conf", filepath.Join(c.dir, "Corefile"))
	c.do("apply", "-f", filepath.Join(c.dir, "class.yaml"))
	c.until("the node is ready", func() bool {
		return c.try("get", "node", "node", "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`) == "True"
	})
	return c
}

// start starts a part of the cluster: one of the folder of binaries, else of the path.
func (c *kubeCluster) start(part string, args ...string) {
	c.t.Helper()
	path := filepath.Join(c.bin, part)
	if _, err := os.Stat(path); err != nil {
		path = part
	}
	log, err := os.Create(filepath.Join(c.dir, part+".log"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.logs = append(c.logs, log.Name())
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	c.t.Cleanup(func() {
		select {
		case <-ended:
			c.t.Errorf("%s ended by itself: %v", part, cmd.ProcessState)
		default:
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = log.Close()
	})
}

// tellLogs tells what the parts said last.
func (c *kubeCluster) tellLogs() {
	for _, log := range c.logs {
		c.t.Logf("%s:\n%s", filepath.Base(log), lastOf(log))
	}
}

// lastOf are the last lines of a file.
func lastOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// pause makes the image that pods are built around, and returns its file.
func (c *kubeCluster) pause() string {
	c.t.Helper()
	return c.imageOf(filepath.Join(c.bin, "pause"), "localhost/flowc/pause:1", "65535:65535")
}

// imageOf makes an image of one program, and returns its file.
func (c *kubeCluster) imageOf(program, reference, user string) string {
	c.t.Helper()
	base := filepath.Base(program)
	binary, err := os.ReadFile(program)
	if err != nil {
		c.t.Fatal(err)
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Name: base, Mode: 0o755, Size: int64(len(binary))}); err != nil {
		c.t.Fatal(err)
	}
	if _, err := w.Write(binary); err != nil {
		c.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		c.t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil })
	if err != nil {
		c.t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		c.t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		c.t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint, config.Config.User = []string{"/" + base}, user
	if image, err = mutate.ConfigFile(image, config); err != nil {
		c.t.Fatal(err)
	}
	tag, err := name.NewTag(reference)
	if err != nil {
		c.t.Fatal(err)
	}
	file := filepath.Join(c.dir, base+".tar")
	if err := tarball.WriteToFile(file, tag, image); err != nil {
		c.t.Fatal(err)
	}
	return file
}

// load gives the node an image from a file.
func (c *kubeCluster) load(file string) {
	c.t.Helper()
	if _, err := c.ctr("images", "import", file); err != nil {
		c.t.Fatal(err)
	}
}

// ctr runs a command of containerd's on what is the cluster's.
func (c *kubeCluster) ctr(args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(c.bin, "ctr"), append([]string{"-a", "/run/containerd/c.sock", "-n", "k8s.io"}, args...)...)
	var out, errs bytes.Buffer // what it warns of is no part of what it lists
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("ctr %s: %w\n%s%s", strings.Join(args, " "), err, &out, &errs)
	}
	return out.String(), nil
}

// kubectl runs a command of kubectl's and returns what it says.
func (c *kubeCluster) kubectl(args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(c.bin, "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(c.dir, "kubeconfig"), "HOME="+c.dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w\n%s%s", strings.Join(args, " "), err, &out, &errs)
	}
	return out.String(), nil
}

func (c *kubeCluster) try(args ...string) string {
	text, _ := c.kubectl(args...)
	return text
}

// do is kubectl where an error fails the test.
func (c *kubeCluster) do(args ...string) string {
	c.t.Helper()
	text, err := c.kubectl(args...)
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

// until waits for what must come true, as long as a roll-out may take on a slow machine.
func (c *kubeCluster) until(what string, f func() bool) {
	c.t.Helper()
	for range 1200 {
		if f() {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	var said strings.Builder
	logs, _ := filepath.Glob("/var/log/pods/*/*/*.log")
	for _, log := range logs {
		fmt.Fprintf(&said, "%s:\n%s\n", log, lastOf(log))
	}
	c.t.Fatalf("not in time: %s\n%s\n%s", what, c.try("get", "pods,pvc,events", "-A", "-o", "wide"), &said)
}
