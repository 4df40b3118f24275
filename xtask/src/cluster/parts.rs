//! The command line of every part of the control plane.

use std::path::{Path, PathBuf};

use super::assets::Assets;
use super::netns::Network;
use super::state::Ports;
use crate::Result;
use crate::host::process::Program;

/// What the command lines are made of.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// Folder of the cluster.
    pub folder: &'a Path,
    /// Its programs.
    pub assets: &'a Assets,
    /// Where it lives.
    pub network: Network,
    /// Its ports.
    pub ports: Ports,
}

impl Recipe<'_> {
    /// The store of the API server; nothing in it outlives the machine, so it need not wait for the disk.
    ///
    /// # Errors
    /// When the binary is unknown.
    pub fn etcd(&self) -> Result<Program> {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd);
        let peer = format!("http://127.0.0.1:{}", self.ports.peer);
        let mut args = vec!["--unsafe-no-fsync".to_owned()];
        args.extend(flags(&[
            ("name", "test"),
            ("data-dir", &self.at("etcd")),
            ("listen-client-urls", &client),
            ("advertise-client-urls", &client),
            ("listen-peer-urls", &peer),
            ("initial-advertise-peer-urls", &peer),
            ("initial-cluster", &format!("test={peer}")),
            ("log-level", "warn"),
            ("auto-compaction-mode", "periodic"),
            ("auto-compaction-retention", "5m"),
            ("snapshot-count", "5000"),
        ]));
        self.program("etcd", args)
    }

    /// The API server, with an audit log of what the identity `kubenova` asks.
    ///
    /// # Errors
    /// When the binary is unknown.
    pub fn api_server(&self) -> Result<Program> {
        let mut args = flags(&[
            (
                "etcd-servers",
                &format!("http://127.0.0.1:{}", self.ports.etcd),
            ),
            ("bind-address", &self.network.bind().to_string()),
            ("secure-port", &self.ports.api.to_string()),
            ("advertise-address", &self.network.address().to_string()),
            ("endpoint-reconciler-type", "none"),
            ("authorization-mode", "RBAC"),
            ("anonymous-auth", "false"),
            ("allow-privileged", "true"),
            ("profiling", "false"),
            ("service-cluster-ip-range", "10.96.0.0/16"),
            ("service-account-issuer", "https://kubernetes.default.svc"),
            ("api-audiences", "https://kubernetes.default.svc"),
            ("audit-policy-file", &self.at("audit/policy.yaml")),
            ("audit-log-path", &self.at("audit/audit.log")),
            ("audit-log-mode", "blocking"),
            ("audit-log-maxsize", "500"),
            ("kubelet-preferred-address-types", "InternalIP"),
            ("requestheader-allowed-names", "front-proxy"),
            ("requestheader-extra-headers-prefix", "X-Remote-Extra-"),
            ("requestheader-group-headers", "X-Remote-Group"),
            ("requestheader-username-headers", "X-Remote-User"),
        ]);
        args.extend(self.files(&[
            ("tls-cert-file", "pki/serving.crt"),
            ("tls-private-key-file", "pki/serving.key"),
            ("client-ca-file", "pki/ca.crt"),
            ("service-account-signing-key-file", "pki/sa.key"),
            ("service-account-key-file", "pki/sa.pub"),
            ("kubelet-certificate-authority", "pki/ca.crt"),
            ("kubelet-client-certificate", "pki/kubelet-client.crt"),
            ("kubelet-client-key", "pki/kubelet-client.key"),
            ("requestheader-client-ca-file", "pki/front-ca.crt"),
            ("proxy-client-cert-file", "pki/front-proxy.crt"),
            ("proxy-client-key-file", "pki/front-proxy.key"),
        ]));
        self.program("kube-apiserver", args)
    }

    /// The controllers, without those that want machines, clouds or disks.
    ///
    /// # Errors
    /// When the binary is unknown.
    pub fn controller_manager(&self) -> Result<Program> {
        let without = [
            "node-route-controller",
            "node-ipam-controller",
            "service-lb-controller",
            "cloud-node-lifecycle-controller",
            "persistentvolume-attach-detach-controller",
            "persistentvolume-expander-controller",
        ];
        let controllers = format!("*,-{}", without.join(",-"));
        let mut args = self.component(self.ports.controllers, "kube-controller-manager");
        args.extend(flags(&[
            ("use-service-account-credentials", "true"),
            ("allocate-node-cidrs", "false"),
            ("controllers", &controllers),
            ("concurrent-namespace-syncs", "20"),
            ("concurrent-resource-quota-syncs", "10"),
            ("namespace-sync-period", "1m"),
        ]));
        args.extend(self.files(&[
            ("root-ca-file", "pki/ca.crt"),
            ("service-account-private-key-file", "pki/sa.key"),
            ("cluster-signing-cert-file", "pki/ca.crt"),
            ("cluster-signing-key-file", "pki/ca.key"),
        ]));
        self.program("kube-controller-manager", args)
    }

    /// The scheduler.
    ///
    /// # Errors
    /// When the binary is unknown.
    pub fn scheduler(&self) -> Result<Program> {
        self.program(
            "kube-scheduler",
            self.component(self.ports.scheduler, "kube-scheduler"),
        )
    }

    /// The simulated nodes.
    ///
    /// # Errors
    /// When the binary is unknown.
    pub fn kwok(&self) -> Result<Program> {
        let port = self.ports.kubelet;
        let mut args = flags(&[
            ("manage-all-nodes", "true"),
            ("enable-crds", ""),
            ("node-ip", "127.0.0.1"),
            ("node-port", &port.to_string()),
            ("server-address", &format!("127.0.0.1:{port}")),
        ]);
        args.extend(self.files(&[
            ("config", "kwok.yaml"),
            ("kubeconfig", "internal/kwok.yaml"),
            ("tls-cert-file", "pki/serving.crt"),
            ("tls-private-key-file", "pki/serving.key"),
        ]));
        self.program("kwok", args)
    }

    /// Capsule, with client limits raised: at its defaults it writes seven namespaces a second.
    ///
    /// # Errors
    /// When the binary is unknown.
    pub fn capsule(&self) -> Result<Program> {
        let mut args = flags(&[
            ("webhook-port", &self.ports.hook.to_string()),
            ("metrics-addr", "127.0.0.1:0"),
            ("workers", "16"),
            ("client-connection-qps", "1000"),
            ("client-connection-burst", "2000"),
        ]);
        args.extend(self.files(&[("webhook-cert-path", "hook")]));
        let mut program = self.program("capsule", args)?;
        program.env = vec![
            ("NAMESPACE".into(), "capsule-system".into()),
            ("SERVICE_ACCOUNT".into(), "capsule".into()),
            ("KUBECONFIG".into(), self.at("internal/capsule.yaml")),
        ];
        Ok(program)
    }

    /// Flags that controller manager and scheduler share.
    fn component(&self, port: u16, identity: &str) -> Vec<String> {
        let kubeconfig = self.at(&format!("internal/{identity}.yaml"));
        flags(&[
            ("kubeconfig", &kubeconfig),
            ("authentication-kubeconfig", &kubeconfig),
            ("authorization-kubeconfig", &kubeconfig),
            ("bind-address", "127.0.0.1"),
            ("secure-port", &port.to_string()),
            ("leader-elect", "false"),
            ("profiling", "false"),
            ("kube-api-qps", "500"),
            ("kube-api-burst", "1000"),
        ])
    }

    fn program(&self, name: &str, args: Vec<String>) -> Result<Program> {
        Ok(Program {
            name: name.to_owned(),
            through: self.network.through(),
            file: self.assets.program(name)?,
            args,
            env: Vec::new(),
            log: PathBuf::from(self.at(&format!("log/{name}.log"))),
        })
    }

    fn files(&self, pairs: &[(&str, &str)]) -> Vec<String> {
        pairs
            .iter()
            .map(|(flag, file)| format!("--{flag}={}", self.at(file)))
            .collect()
    }

    fn at(&self, file: &str) -> String {
        self.folder.join(file).display().to_string()
    }
}

fn flags(pairs: &[(&str, &str)]) -> Vec<String> {
    pairs
        .iter()
        .map(|(flag, value)| format!("--{flag}={value}"))
        .collect()
}
