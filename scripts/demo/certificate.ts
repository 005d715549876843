import { generate } from "selfsigned";

/** A key and a self-signed certificate, as PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

/** Creates a certificate for localhost, without openssl. */
export async function makeCertificate(): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { key, cert };
}
