# SPDX-License-Identifier: Apache-2.0
"""NAT boxes as nftables rules, and what theory says of two of them.

Mapping and filtering are RFC 4787's words. An endpoint-independent mapping (EIM) keeps the port, so a map "port -> inside
address" learned from what goes out is all that is needed to let a stranger's datagram in. Filtering then asks whom the
inside has written to: nobody (endpoint-independent), this address, or this address and port.
"""

# Whatever is not for a known mapping must die in INPUT: accepted there, conntrack would keep the tuple, and the next outgoing
# datagram would find its port taken and get another one.
_EIM = """
table ip gw {{
  map inside {{ type inet_service : ipv4_addr; flags dynamic,timeout; timeout 5m; }}
  set by_address {{ type ipv4_addr . inet_service; flags dynamic,timeout; timeout 5m; }}
  set by_port {{ type ipv4_addr . inet_service . inet_service; flags dynamic,timeout; timeout 5m; }}
  chain learn {{
    type filter hook prerouting priority mangle;
    iifname "lan*" meta l4proto udp update @inside {{ udp sport : ip saddr }}
    iifname "lan*" meta l4proto udp update @by_address {{ ip daddr . udp sport }}
    iifname "lan*" meta l4proto udp update @by_port {{ ip daddr . udp dport . udp sport }}
  }}
  chain into {{
    type nat hook prerouting priority dstnat;
    iifname "wan" meta l4proto udp dnat to udp dport map @inside
  }}
  chain out {{
    type nat hook postrouting priority srcnat;
    oifname "wan" snat to {external}
  }}
  chain pass {{
    type filter hook forward priority filter; policy drop;
    {block}
    iifname "lan*" oifname "wan" accept
    iifname "wan" ct state established,related accept
    {filter}
  }}
  chain own {{ type filter hook input priority filter; policy drop; iifname "lo" accept; ip protocol icmp accept; }}
}}
"""

# What most home routers run, and nothing beside it: ports are kept where they are free, so that the mapping is
# endpoint-independent as long as nobody else has the port.
_MASQUERADE = """
table ip gw {
  chain out {
    type nat hook postrouting priority srcnat;
    oifname "wan" masquerade
  }
  chain pass {
    type filter hook forward priority filter; policy drop;
    iifname "lan*" oifname "wan" accept
    iifname "wan" ct state established,related accept
  }
  chain own { type filter hook input priority filter; policy drop; iifname "lo" accept; ip protocol icmp accept; }
}
"""

_SYMMETRIC = """
table ip gw {{
  chain out {{
    type nat hook postrouting priority srcnat;
    oifname "wan" meta l4proto udp snat to {external}:20000-60999 fully-random
    oifname "wan" snat to {external}
  }}
  chain pass {{
    type filter hook forward priority filter; policy drop;
    iifname "lan*" oifname "wan" accept
    iifname "wan" ct state established,related accept
  }}
  chain own {{ type filter hook input priority filter; policy drop; iifname "lo" accept; ip protocol icmp accept; }}
}}
"""

_FIREWALL = """
table inet gw {
  chain own {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    meta l4proto { icmp, icmpv6 } accept
  }
}
"""

_FILTERS = {
    "independent": 'iifname "wan" meta l4proto udp ct status dnat accept',
    "address": 'iifname "wan" ip saddr . udp dport @by_address accept',
    "address_port": 'iifname "wan" ip saddr . udp sport . udp dport @by_port accept',
}

# kind -> (mapping as seen from far away, filtering as seen from far away, UDP passes)
KINDS = {
    "open": ("independent", "independent", True),  # a public address, no firewall
    "firewalled": ("independent", "address_port", True),  # a public address behind a stateful firewall
    "full_cone": ("independent", "independent", True),
    "restricted": ("independent", "address", True),
    "port_restricted": ("independent", "address_port", True),
    "masquerade": ("independent", "address_port", True),
    "symmetric": ("dependent", "address_port", True),
    "double": ("independent", "address_port", True),  # port_restricted behind port_restricted
    "double_symmetric": ("dependent", "address_port", True),  # port_restricted behind a symmetric carrier NAT
    "udp_blocked": ("independent", "address_port", False),
}


def rules(kind, external):
    """The nftables program of one box."""
    if kind == "firewalled":
        return _FIREWALL
    if kind == "masquerade":
        return _MASQUERADE
    if kind == "symmetric":
        return _SYMMETRIC.format(external=external)
    filtering = {"full_cone": "independent", "restricted": "address"}.get(kind, "address_port")
    block = "meta l4proto udp drop" if kind == "udp_blocked" else ""
    return _EIM.format(external=external, filter=_FILTERS[filtering], block=block)


def expected(a, b):
    """"direct" or "turned": where ICE must arrive between two kinds, when a TURN server speaks UDP and TCP.

    A dependent mapping shows every far address another port. The other side learns that port from the first check, if its filter
    lets it through: one that looks at addresses only does, one that looks at ports cannot."""
    mapping_a, filter_a, udp_a = KINDS[a]
    mapping_b, filter_b, udp_b = KINDS[b]
    if not udp_a or not udp_b:
        return "turned"
    if mapping_a == mapping_b == "independent":
        return "direct"
    if mapping_a == mapping_b == "dependent":
        return "turned"
    open_filter = filter_b if mapping_a == "dependent" else filter_a
    return "turned" if open_filter == "address_port" else "direct"
