//! `wasi:sockets`. It is offered because components that never use a network import it too. Every address is
//! denied.

use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{
    ErrorCode, HostNetwork, IpAddress, IpAddressFamily, IpSocketAddress, Network,
};
use wasmtime_wasi::p2::bindings::sockets::tcp::{self, ShutdownType, TcpSocket};
use wasmtime_wasi::p2::bindings::sockets::udp::{
    self, IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream,
    UdpSocket,
};
use wasmtime_wasi::p2::bindings::sockets::{
    instance_network, tcp_create_socket, udp_create_socket,
};
use wasmtime_wasi::sockets::WasiSocketsView;

use super::offering::offer;
use crate::offer::payload::{Payload, fixed};
use crate::offer::state::RunState;

offer! {
    "wasi:sockets/network@0.2.12", state => state.sockets();
        [sync "network": Network, HostNetwork::drop;]
    "wasi:sockets/instance-network@0.2.12", state => state.sockets();
        sync "instance-network"() -> value = HANDLE, instance_network::Host::instance_network;
    "wasi:sockets/ip-name-lookup@0.2.12", state => state.sockets();
        sync "[method]resolve-address-stream.resolve-next-address"(this) -> socket = SOCKET, ip_name_lookup::HostResolveAddressStream::resolve_next_address;
        sync "[method]resolve-address-stream.subscribe"(this) -> value = HANDLE, ip_name_lookup::HostResolveAddressStream::subscribe;
        sync "resolve-addresses"(network, name) -> socket = SOCKET, ip_name_lookup::Host::resolve_addresses;
        [sync "resolve-address-stream": ResolveAddressStream, ip_name_lookup::HostResolveAddressStream::drop;]
    "wasi:sockets/tcp@0.2.12", state => state.sockets();
        wait "[method]tcp-socket.start-bind"(this, network, local_address) -> socket = SOCKET, tcp::HostTcpSocket::start_bind;
        sync "[method]tcp-socket.finish-bind"(this) -> socket = SOCKET, tcp::HostTcpSocket::finish_bind;
        sync "[method]tcp-socket.start-connect"(this, network, remote_address) -> socket = SOCKET, tcp::HostTcpSocket::start_connect;
        sync "[method]tcp-socket.finish-connect"(this) -> socket = SOCKET, tcp::HostTcpSocket::finish_connect;
        wait "[method]tcp-socket.start-listen"(this) -> socket = SOCKET, tcp::HostTcpSocket::start_listen;
        sync "[method]tcp-socket.finish-listen"(this) -> socket = SOCKET, tcp::HostTcpSocket::finish_listen;
        sync "[method]tcp-socket.accept"(this) -> socket = SOCKET, tcp::HostTcpSocket::accept;
        sync "[method]tcp-socket.local-address"(this) -> socket = SOCKET, tcp::HostTcpSocket::local_address;
        sync "[method]tcp-socket.remote-address"(this) -> socket = SOCKET, tcp::HostTcpSocket::remote_address;
        sync "[method]tcp-socket.is-listening"(this) -> value = SOCKET, tcp::HostTcpSocket::is_listening;
        sync "[method]tcp-socket.address-family"(this) -> value = SOCKET, tcp::HostTcpSocket::address_family;
        sync "[method]tcp-socket.set-listen-backlog-size"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_listen_backlog_size;
        sync "[method]tcp-socket.keep-alive-enabled"(this) -> socket = SOCKET, tcp::HostTcpSocket::keep_alive_enabled;
        sync "[method]tcp-socket.set-keep-alive-enabled"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_keep_alive_enabled;
        sync "[method]tcp-socket.keep-alive-idle-time"(this) -> socket = SOCKET, tcp::HostTcpSocket::keep_alive_idle_time;
        sync "[method]tcp-socket.set-keep-alive-idle-time"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_keep_alive_idle_time;
        sync "[method]tcp-socket.keep-alive-interval"(this) -> socket = SOCKET, tcp::HostTcpSocket::keep_alive_interval;
        sync "[method]tcp-socket.set-keep-alive-interval"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_keep_alive_interval;
        sync "[method]tcp-socket.keep-alive-count"(this) -> socket = SOCKET, tcp::HostTcpSocket::keep_alive_count;
        sync "[method]tcp-socket.set-keep-alive-count"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_keep_alive_count;
        sync "[method]tcp-socket.hop-limit"(this) -> socket = SOCKET, tcp::HostTcpSocket::hop_limit;
        sync "[method]tcp-socket.set-hop-limit"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_hop_limit;
        sync "[method]tcp-socket.receive-buffer-size"(this) -> socket = SOCKET, tcp::HostTcpSocket::receive_buffer_size;
        sync "[method]tcp-socket.set-receive-buffer-size"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_receive_buffer_size;
        sync "[method]tcp-socket.send-buffer-size"(this) -> socket = SOCKET, tcp::HostTcpSocket::send_buffer_size;
        sync "[method]tcp-socket.set-send-buffer-size"(this, value) -> socket = SOCKET, tcp::HostTcpSocket::set_send_buffer_size;
        sync "[method]tcp-socket.subscribe"(this) -> value = SOCKET, tcp::HostTcpSocket::subscribe;
        sync "[method]tcp-socket.shutdown"(this, kind) -> socket = SOCKET, tcp::HostTcpSocket::shutdown;
        [sync "tcp-socket": TcpSocket, tcp::HostTcpSocket::drop;]
    "wasi:sockets/tcp-create-socket@0.2.12", state => state.sockets();
        sync "create-tcp-socket"(family) -> socket = SOCKET, tcp_create_socket::Host::create_tcp_socket;
    "wasi:sockets/udp@0.2.12", state => state.sockets();
        wait "[method]udp-socket.start-bind"(this, network, local_address) -> socket = SOCKET, udp::HostUdpSocket::start_bind;
        sync "[method]udp-socket.finish-bind"(this) -> socket = SOCKET, udp::HostUdpSocket::finish_bind;
        wait "[method]udp-socket.stream"(this, remote_address) -> socket = SOCKET, udp::HostUdpSocket::stream;
        sync "[method]udp-socket.local-address"(this) -> socket = SOCKET, udp::HostUdpSocket::local_address;
        sync "[method]udp-socket.remote-address"(this) -> socket = SOCKET, udp::HostUdpSocket::remote_address;
        sync "[method]udp-socket.address-family"(this) -> value = SOCKET, udp::HostUdpSocket::address_family;
        sync "[method]udp-socket.unicast-hop-limit"(this) -> socket = SOCKET, udp::HostUdpSocket::unicast_hop_limit;
        sync "[method]udp-socket.set-unicast-hop-limit"(this, value) -> socket = SOCKET, udp::HostUdpSocket::set_unicast_hop_limit;
        sync "[method]udp-socket.receive-buffer-size"(this) -> socket = SOCKET, udp::HostUdpSocket::receive_buffer_size;
        sync "[method]udp-socket.set-receive-buffer-size"(this, value) -> socket = SOCKET, udp::HostUdpSocket::set_receive_buffer_size;
        sync "[method]udp-socket.send-buffer-size"(this) -> socket = SOCKET, udp::HostUdpSocket::send_buffer_size;
        sync "[method]udp-socket.set-send-buffer-size"(this, value) -> socket = SOCKET, udp::HostUdpSocket::set_send_buffer_size;
        sync "[method]udp-socket.subscribe"(this) -> value = SOCKET, udp::HostUdpSocket::subscribe;
        sync "[method]incoming-datagram-stream.receive"(this, most) -> socket = SOCKET, udp::HostIncomingDatagramStream::receive;
        sync "[method]incoming-datagram-stream.subscribe"(this) -> value = HANDLE, udp::HostIncomingDatagramStream::subscribe;
        sync "[method]outgoing-datagram-stream.check-send"(this) -> socket = SOCKET, udp::HostOutgoingDatagramStream::check_send;
        sync "[method]outgoing-datagram-stream.send"(this, datagrams) -> socket = SOCKET, udp::HostOutgoingDatagramStream::send;
        sync "[method]outgoing-datagram-stream.subscribe"(this) -> value = HANDLE, udp::HostOutgoingDatagramStream::subscribe;
        [sync "udp-socket": UdpSocket, udp::HostUdpSocket::drop;
         sync "incoming-datagram-stream": IncomingDatagramStream, udp::HostIncomingDatagramStream::drop;
         wait "outgoing-datagram-stream": OutgoingDatagramStream, udp::HostOutgoingDatagramStream::drop;]
    "wasi:sockets/udp-create-socket@0.2.12", state => state.sockets();
        wait "create-udp-socket"(family) -> socket = SOCKET, udp_create_socket::Host::create_udp_socket;
}

fixed! {
    ErrorCode => 1,
    IpAddress => 18,
    IpAddressFamily => 1,
    IpSocketAddress => 32,
    ShutdownType => 1,
}

impl Payload for IncomingDatagram {
    fn bytes(&self) -> u64 {
        self.data.bytes() + self.remote_address.bytes()
    }
}

impl Payload for OutgoingDatagram {
    fn bytes(&self) -> u64 {
        self.data.bytes() + self.remote_address.bytes()
    }
}
