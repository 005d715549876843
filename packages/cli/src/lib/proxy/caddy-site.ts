import { UNAVAILABLE } from "@sockact/shared/unavailable";
import { ANSWER_LIMIT, type ProxyState, type Site, type SiteText } from "./proxy.ts";

/** The version that has `client_ip` and `stream_close_delay`. */
const SEVEN = 2_07_00;

/** The folder of the sites, and the line of the Caddyfile that imports it. */
export const FOLDER = "/etc/caddy/sockact";
export const INCLUDE = `import ${FOLDER}/*.caddy`;

export const fileOf = (name: string): string => `${name}.caddy`;

/** A site of Caddy. The unit builder of the documentation calls it too, so it uses nothing of Node. */
export const caddySite = ({ hosts, socket }: Site, { version }: Pick<ProxyState, "version">): SiteText => ({
  text: `${hosts.join(", ")} {
	reverse_proxy unix/${socket} {
${version < SEVEN ? "" : "\t\theader_up X-Forwarded-For {client_ip}\n"}\t\theader_up X-Real-IP ${version < SEVEN ? "{remote_host}" : "{client_ip}"}
		header_up -Forwarded
${version < SEVEN ? "" : "\t\t# A reload leaves WebSockets open for this time.\n\t\tstream_close_delay 5m\n"}		transport http {
			# The address of a connection is the address of one client.
			keepalive off
			response_header_timeout ${ANSWER_LIMIT}s
		}
	}
	# The app does not start, or has crashed. sockact doctor says why.
	handle_errors {
		@down expression \`{err.status_code} in [502, 503, 504]\`
		respond @down "${UNAVAILABLE}" 503
	}
}
`,
  notes: [],
});
