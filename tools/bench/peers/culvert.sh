#!/bin/sh
# The proxy under test. CULVERT_BIN picks the binary; the default is the one that the build leaves in the checkout.
. "$(dirname "$0")/common.sh"
roles "connect tcp tls mtls-server"
: "${CULVERT_BIN:=$(dirname "$0")/../../../bazel-bin/source/exe/culvert}"
[ -x "$CULVERT_BIN" ] || exit 77
certificates="certificates: [{certificate_chain: {filename: $CERT}, private_key: {filename: $KEY}}]"
case $ROLE in
  connect)
    providers=''
    auth=''
    if [ -n "$AUTH" ]; then
      providers="identity_providers: [{name: bench, users: {users: [{name: '${AUTH%%:*}', password: {inline_string: '${AUTH#*:}'}}]}}]"
      auth='- auth: {providers: [bench]}'
    fi
    cat > "$DIR/culvert.yaml" <<X
$providers
listeners:
- name: bench
  address: $LISTEN
  filters:
  $auth
  - http_connect: {policy: {rules: [{allow: {networks: ["127.0.0.0/8"]}}]}}
X
    ;;
  *)
    tls=''
    case $ROLE in
      tls) tls="- tls_terminate: {$certificates}" ;;
      mtls-server) tls="- tls_terminate: {$certificates, client_certificate: {mode: REQUIRED, ca: {filename: $CA}}}" ;;
    esac
    cat > "$DIR/culvert.yaml" <<X
listeners:
- name: bench
  address: $LISTEN
  filters:
  $tls
  - tcp_proxy: {cluster: origin}
clusters:
- {name: origin, endpoints: [{address: "$ORIGIN"}]}
X
    ;;
esac
exec "$CULVERT_BIN" run -c "$DIR/culvert.yaml" --workers "$WORKERS" --log-level warning
